//! The Debug Adapter Protocol on standard streams, and on TCP.

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use anyhow::Context;
use reenact_debug::{Case, Effect, Framing, Session, Wanted, framed};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

/// Time in which a connection has begun as a debugger does. Afterwards people think.
const INITIALIZE_TIMEOUT: Duration = Duration::from_secs(10);

/// The shortest wait for bytes; none at all is no timeout for a socket.
const READ_TIMEOUT_MIN: Duration = Duration::from_millis(1);

/// One session on standard input and output.
pub(super) fn on_standard_streams(
    case: Option<Case>,
    load: impl Fn(&Wanted) -> Result<Case, String>,
) -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() {
        eprintln!(
            "waiting for a debugger on standard input; --pdb is a prompt for people, --port N a TCP port"
        );
    }
    let mut session = case.map_or_else(Session::new, Session::with);
    converse(&mut session, &mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &load, |_| Ok(()))
}

/// One session on a port of this machine. What connects and does not begin as a debugger does is sent away.
pub(super) fn on_port(
    port: u16,
    case: Option<Case>,
    load: impl Fn(&Wanted) -> Result<Case, String>,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("port {port} of 127.0.0.1 cannot be listened on"))?;
    eprintln!("waiting for a debugger on {}", listener.local_addr()?);
    serve(&listener, INITIALIZE_TIMEOUT, case, load)
}

fn serve(
    listener: &TcpListener,
    initialize_timeout: Duration,
    case: Option<Case>,
    load: impl Fn(&Wanted) -> Result<Case, String>,
) -> anyhow::Result<()> {
    let mut session = case.map_or_else(Session::new, Session::with);
    loop {
        let (stream, from) = listener.accept()?;
        let end = Instant::now() + initialize_timeout;
        // What has arrived is read in any case. A session that has begun waits for ever.
        let waiting = |session: &Session| {
            let left = end.saturating_duration_since(Instant::now()).max(READ_TIMEOUT_MIN);
            stream.set_read_timeout((!session.is_initialized()).then_some(left))
        };
        let ended = converse(&mut session, &mut &stream, &mut &stream, &load, waiting);
        if session.is_initialized() {
            return ended;
        }
        let why = ended.err().map_or_else(|| "it said nothing".to_owned(), |error| format!("{error:#}"));
        eprintln!("{from} is no debugger: {why}");
    }
}

/// Until the session or the stream ends.
fn converse(
    session: &mut Session,
    from: &mut impl Read,
    to: &mut impl Write,
    load: &impl Fn(&Wanted) -> Result<Case, String>,
    before_read: impl Fn(&Session) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let mut framing = Framing::default();
    let mut bytes = vec![0; READ_BYTES];
    loop {
        while let Some(message) = framing.take()? {
            let mut effects = session.handle(&message);
            effects.reverse();
            while let Some(effect) = effects.pop() {
                match effect {
                    Effect::Send(message) => to.write_all(&framed(&message))?,
                    Effect::Load(wanted) => {
                        let loaded = session.loaded(load(&wanted));
                        effects.extend(loaded.into_iter().rev());
                    }
                    Effect::End => return Ok(to.flush()?),
                }
            }
            to.flush()?;
        }
        before_read(session)?;
        match from.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => framing.receive(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                anyhow::bail!("it did not begin in time");
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::TcpStream;

    use reenact_debug::Event;

    use super::*;

    #[test]
    fn a_connection_that_says_nothing_is_closed_and_the_next_one_is_served() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap();
        let mut silent = TcpStream::connect(port).unwrap();
        let mut halting = TcpStream::connect(port).unwrap();
        halting.write_all(b"Content-Length: 90\r\n").unwrap();
        let mut debugger = TcpStream::connect(port).unwrap();
        for command in ["initialize", "disconnect"] {
            let request = format!(r#"{{"seq": 1, "type": "request", "command": "{command}"}}"#);
            debugger.write_all(&framed(request.as_bytes())).unwrap();
        }
        let case = Case::new(Event::default(), HashMap::new());
        serve(&listener, Duration::from_millis(20), Some(case), |_| Err(String::new())).unwrap();

        let mut answers = String::new();
        debugger.read_to_string(&mut answers).unwrap();
        assert!(answers.contains(r#""command":"disconnect""#), "{answers}");
        // Both ends are closed by now.
        assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
        assert_eq!(halting.read(&mut [0; 1]).unwrap_or(0), 0);
    }
}
