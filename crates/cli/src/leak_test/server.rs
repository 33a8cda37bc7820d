//! A server for the test alone.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

/// Time until it must listen, and must have ended.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server on free ports of the loopback interface.
pub(super) struct Server {
    process: Process,
    data_dir: PathBuf,
    /// Deleted with the test unless the user keeps it.
    _temporary: Option<tempfile::TempDir>,
    log: std::thread::JoinHandle<String>,
    /// Where clients send to.
    pub(super) agent: String,
    /// Where the API is.
    pub(super) ui: String,
}

impl Server {
    pub(super) fn start(config: Option<&Path>, keep: Option<&Path>) -> anyhow::Result<Self> {
        let (temporary, data_dir) = match keep {
            Some(dir) => {
                if dir.exists() && std::fs::read_dir(dir)?.next().is_some() {
                    bail!("`{}` is not empty; the test needs a directory of its own", dir.display());
                }
                (None, dir.to_owned())
            }
            None => {
                let dir = tempfile::tempdir().context("cannot make a temporary directory")?;
                let data_dir = dir.path().join("data");
                (Some(dir), data_dir)
            }
        };
        let ready = tempfile::NamedTempFile::new().context("cannot make a temporary file")?.into_temp_path();
        std::fs::remove_file(&ready)?;
        let mut command = Command::new(std::env::current_exe()?);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command.args(["serve", "--listen", "127.0.0.1:0", "--agent-listen", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(&data_dir).arg("--ready-file").arg(&ready);
        // The whole API is searched, as somebody who may see everything.
        command.env("REENACT_ACCESS_LOCAL_ADMIN", "values,settings").env_remove("REENACT_AGENT_SOCKET");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the server under test")?;
        let mut process = Process(child);
        let mut stderr = process.0.stderr.take().context("the server has no output")?;
        let log = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was read until it broke off is searched.
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let end = Instant::now() + START_TIMEOUT;
        let addresses: Value = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break serde_json::from_str(&text)?;
            }
            if process.0.try_wait()?.is_some() || Instant::now() >= end {
                drop(process);
                let log = log.join().unwrap_or_default();
                bail!("the server under test does not start:\n{}", log.trim());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let address = |name: &str| addresses[name].as_str().unwrap_or_default().to_owned();
        Ok(Self { process, data_dir, _temporary: temporary, log, agent: address("agent"), ui: address("ui") })
    }

    /// Ends it; where its data is as long as the guard lives, and what it logged.
    pub(super) fn stop(mut self) -> anyhow::Result<(Data, String)> {
        let id = self.process.0.id();
        let asked = Command::new("kill").arg(id.to_string()).status();
        let end = Instant::now() + START_TIMEOUT;
        while self.process.0.try_wait()?.is_none() {
            if asked.is_err() || Instant::now() >= end {
                self.process.0.kill()?;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = self.log.join().unwrap_or_default();
        Ok((Data { path: self.data_dir, _temporary: self._temporary }, log))
    }
}

/// A process that does not outlive its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is left alone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The data directory, until this is dropped.
pub(super) struct Data {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl std::ops::Deref for Data {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}
