//! A server process under test: its start, its addresses, and what it used.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use tempfile::TempDir;

/// Time for a server to come up.
const START: Duration = Duration::from_secs(30);
/// Clock ticks per second in `/proc`, fixed on Linux.
const TICKS_PER_SECOND: f64 = 100.0;
/// `reenact serve` on free ports.
const SERVE: [&str; 5] = ["serve", "--agent-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"];

/// Killed and its directory removed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    _directory: TempDir,
    data_dir: PathBuf,
    pub(crate) agent: String,
    pub(crate) ui: String,
}

impl Server {
    /// Starts `reenact serve` on free ports.
    pub(crate) fn start_reenact(binary: &Path) -> anyhow::Result<Self> {
        Self::start(binary, &SERVE, None)
    }

    /// Starts `reenact serve` on free ports over data that is there, and stays there.
    pub(crate) fn start_over(binary: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        Self::start(binary, &SERVE, Some(data_dir))
    }

    /// Starts the bare handler, which is this very program.
    pub(crate) fn start_bare() -> anyhow::Result<Self> {
        Self::start(&std::env::current_exe()?, &["bare"], None)
    }

    fn start(binary: &Path, arguments: &[&str], data_dir: Option<&Path>) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("reenact-bench-").tempdir()?;
        let ready_file = directory.path().join("ready.json");
        let data_dir = data_dir.map_or_else(|| directory.path().join("data"), Path::to_owned);
        std::fs::create_dir_all(&data_dir)?;
        let mut child = Command::new(binary)
            .args(arguments)
            // Nothing is deleted for its age or size.
            .envs([("REENACT_RETENTION_AGE", "3650 days"), ("REENACT_RETENTION_SIZE", "1000 GiB")])
            .arg("--data-dir")
            .arg(&data_dir)
            .arg("--ready-file")
            .arg(&ready_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{}`; run `make build` first", binary.display()))?;
        let started = Instant::now();
        while !ready_file.exists() {
            anyhow::ensure!(child.try_wait()?.is_none(), "`{}` ended at once", binary.display());
            anyhow::ensure!(started.elapsed() < START, "`{}` did not come up", binary.display());
            std::thread::sleep(Duration::from_millis(20));
        }
        let ready: serde_json::Value = serde_json::from_slice(&std::fs::read(&ready_file)?)?;
        let address = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        Ok(Self { child, _directory: directory, data_dir, agent: address("agent"), ui: address("ui") })
    }

    /// CPU time used so far, user and system, in seconds.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = self.proc("stat")?;
        // The command may hold spaces; the fields after it do not.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) / TICKS_PER_SECOND)
    }

    /// Resident memory now and at its peak, in bytes.
    pub(crate) fn memory_bytes(&self) -> anyhow::Result<(u64, u64)> {
        memory_bytes(self.child.id())
    }

    /// Resident memory now without the pages of mapped files, in bytes.
    pub(crate) fn memory_own_bytes(&self) -> anyhow::Result<u64> {
        Ok(field_bytes(&self.proc("status")?, "RssAnon:"))
    }

    /// Bytes of all files in the data directory.
    pub(crate) fn disk_bytes(&self) -> u64 {
        bytes_below(&self.data_dir)
    }

    /// Asks it to stop, as an operator does, and waits; the data directory stays until `self` is dropped.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status()?;
        anyhow::ensure!(killed.success(), "the server was gone already");
        self.child.wait()?;
        Ok(())
    }

    fn proc(&self, name: &str) -> anyhow::Result<String> {
        proc(self.child.id(), name)
    }
}

fn proc(process: u32, name: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{process}/{name}");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))
}

/// Resident memory of a process now and at its peak, in bytes.
pub(crate) fn memory_bytes(process: u32) -> anyhow::Result<(u64, u64)> {
    let status = proc(process, "status")?;
    Ok((field_bytes(&status, "VmRSS:"), field_bytes(&status, "VmHWM:")))
}

/// A field of a process's status that is given in kilobytes.
fn field_bytes(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) * 1024
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has stopped before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
