//! Senders that each keep one connection busy: a request, its answer, the next.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::bodies::{Template, Unit};

/// Wait for one answer, at most.
const ANSWER: Duration = Duration::from_secs(60);

/// What was acknowledged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acknowledged {
    pub(crate) units: u64,
    pub(crate) requests: u64,
    pub(crate) spans: u64,
    pub(crate) seconds: f64,
}

/// Sends units for `length` over `connections` connections. Only what was answered with 2xx counts;
/// anything else ends the measurement.
pub(crate) fn send(
    agent: &str,
    units: &[Unit],
    connections: usize,
    length: Duration,
    salts: &AtomicU64,
) -> anyhow::Result<Acknowledged> {
    let started = Instant::now();
    let deadline = started + length;
    let sums: Vec<anyhow::Result<Acknowledged>> = std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..connections).map(|_| scope.spawn(|| send_until(agent, units, deadline, salts))).collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender does not panic")).collect()
    });
    let mut all = Acknowledged { seconds: started.elapsed().as_secs_f64(), ..Acknowledged::default() };
    for sum in sums {
        let sum = sum?;
        all.units += sum.units;
        all.requests += sum.requests;
        all.spans += sum.spans;
    }
    Ok(all)
}

fn send_until(
    agent: &str,
    units: &[Unit],
    deadline: Instant,
    salts: &AtomicU64,
) -> anyhow::Result<Acknowledged> {
    let mut connection = Connection::open(agent)?;
    let mut done = Acknowledged::default();
    while Instant::now() < deadline {
        let salt = salts.fetch_add(1, Ordering::Relaxed);
        let unit = &units[usize::try_from(salt).unwrap_or(0) % units.len()];
        for template in unit {
            connection.post(template, salt)?;
            done.requests += 1;
            done.spans += template.spans;
        }
        done.units += 1;
    }
    Ok(done)
}

/// One kept-alive connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    body: Vec<u8>,
    line: String,
}

impl Connection {
    pub(crate) fn open(agent: &str) -> anyhow::Result<Self> {
        let host = agent.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).with_context(|| format!("cannot connect to {agent}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER))?;
        Ok(Self { stream: BufReader::new(stream), host, body: Vec::new(), line: String::new() })
    }

    /// Posts a body and waits for its answer.
    ///
    /// # Errors
    /// When the answer is not 2xx.
    pub(crate) fn post(&mut self, template: &Template, salt: u64) -> anyhow::Result<()> {
        template.fill(salt, &mut self.body);
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
             Datadog-Meta-Lang: python\r\nDatadog-Meta-Tracer-Version: 4.16.0\r\n\r\n",
            template.path,
            self.host,
            template.content_type,
            self.body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        let status = self.read_line()?;
        let mut length = 0;
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer)?;
        let code = status.split(' ').nth(1).unwrap_or("");
        anyhow::ensure!(
            code.starts_with('2'),
            "answered {status} to {}: {}",
            template.path,
            String::from_utf8_lossy(&answer)
        );
        Ok(())
    }

    fn read_line(&mut self) -> anyhow::Result<String> {
        self.line.clear();
        self.stream.read_line(&mut self.line).context("no answer")?;
        anyhow::ensure!(!self.line.is_empty(), "the connection was closed");
        Ok(self.line.trim_end().to_owned())
    }
}
