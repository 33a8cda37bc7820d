//! The Debug Adapter Protocol on standard streams, and on TCP.

use std::io::{IsTerminal, Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context;
use reenact_debug::{Case, Effect, Framing, Session, Wanted, framed};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

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
    converse(&mut session, &mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &load)
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
    let mut session = case.map_or_else(Session::new, Session::with);
    loop {
        let (mut stream, from) = listener.accept()?;
        let mut out = stream.try_clone()?;
        let ended = converse(&mut session, &mut stream, &mut out, &load);
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
        match from.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => framing.receive(&bytes[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}
