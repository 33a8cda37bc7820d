//! `reenact serve`.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use reenact_intake::{BodyLimits, Intake, Receipts, router};
use reenact_model::{Limits, Timestamp};
use reenact_redact::Rules;
use reenact_server::{
    Addresses, App, AppOptions, Capturing, Grouping, Jobs, Keys, Listeners, Listening, Pipeline, Policies,
    Volume, Workflow,
};
use reenact_store::Store;
use reenact_store::embedded::{EmbeddedStore, Options};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::config::Config;

/// Time between two looks at the retention.
const RETENTION_INTERVAL: Duration = Duration::from_secs(600);
/// Time between two writes of what rules did.
const HITS_INTERVAL: Duration = Duration::from_secs(10);

pub(crate) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("REENACT_LOG")
        .unwrap_or_else(|_| "info,tantivy=warn,rmcp=warn".into());
    // Without this a failed write is told with `eprintln!`, which panics where stderr is closed.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false)
        .with_writer(|| Unfailing(std::io::stderr()))
        .init();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.max(2))
        .max_blocking_threads(workers * 8)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve(config, workers))?;
    Ok(ExitCode::SUCCESS)
}

/// Lines that nobody reads any more, or that a full disk has no room for, are lost: the server goes on.
struct Unfailing<W>(W);

impl<W: std::io::Write> std::io::Write for Unfailing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

async fn serve(config: &Config, workers: usize) -> anyhow::Result<()> {
    let rules = Rules {
        identifiers: config.redacted_identifiers.clone(),
        excluded_identifiers: config.excluded_identifiers.clone(),
        types: config.redacted_types.clone(),
        ..Rules::default()
    };
    let listening = Listening {
        agent: config.agent_listen,
        agent_socket: config.agent_socket.clone(),
        ui: config.listen,
    };
    let listeners = Listeners::bind(&listening).await?;
    let options = Options {
        retention_age: Some(config.retention_age),
        retention_bytes: Some(config.retention_bytes),
        ..Options::DEFAULT
    };
    let embedded = EmbeddedStore::open(&config.data_dir, options)?;
    let control = embedded.control();
    let store: Arc<dyn Store> = Arc::new(embedded);
    let policies = Policies::load(rules, Keys::open(&config.data_dir)?, Arc::clone(&control))?;
    let workflow = Workflow::load(Arc::clone(&store), Arc::clone(&control))?;
    let grouping = Grouping::load(Arc::clone(&control))?;
    let volume = Volume::load(config.volume_limits, Arc::clone(&store), Arc::clone(&control))?;
    let capturing = Capturing::load(Arc::clone(&control))?;
    let jobs = Jobs::new(
        Arc::clone(&store),
        control,
        Arc::clone(&policies),
        Arc::clone(&grouping),
        Arc::clone(&workflow),
    );
    let receipts = Arc::new(Receipts::default());
    let (pipeline, recorded) = Pipeline::new(
        Arc::clone(&policies),
        Arc::clone(&store),
        Arc::clone(&workflow),
        Arc::clone(&grouping),
        Arc::clone(&volume),
        Arc::clone(&capturing),
    );
    let (storing_fails, calls) = (pipeline.storing_fails(), pipeline.calls());
    let limits = Limits { body_bytes_max: config.body_bytes_max, ..Limits::DEFAULT };
    let body_limits = BodyLimits {
        body_bytes_max: config.body_bytes_max,
        compressed_bytes_max: config.body_bytes_max,
        budget_bytes: config.memory_bytes_max,
        ..BodyLimits::DEFAULT
    };
    let addresses = listeners.addresses().clone();
    let intake = Arc::new(Intake::new(
        limits,
        body_limits,
        pipeline,
        Arc::clone(&receipts),
        workers,
        addresses.agent.port(),
    ));
    let app = App::new(AppOptions {
        store: Arc::clone(&store),
        receipts,
        addresses: addresses.clone(),
        recorded,
        storing_fails,
        allowed_hosts: config.allowed_hosts.clone(),
        policies: Arc::clone(&policies),
        jobs: Arc::clone(&jobs),
        workflow: Arc::clone(&workflow),
        grouping,
        volume: Arc::clone(&volume),
        capturing: Arc::clone(&capturing),
        calls,
        local_admin: config.local_admin,
        source_roots: config.source_roots.clone(),
    });

    let (stop, shutdown) = watch::channel(false);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let serving = listeners.serve(router(intake), app.router(), shutdown.clone());
    let retention = tokio::spawn(keep_retention(Arc::clone(&store), Arc::clone(&policies), shutdown.clone()));
    let written = (policies, Arc::clone(&volume), Arc::clone(&capturing));
    let counting = tokio::spawn(write_records(written, shutdown));
    let working = {
        let jobs = Arc::clone(&jobs);
        std::thread::Builder::new().name("jobs".to_owned()).spawn(move || jobs.run())?
    };
    let judging = {
        let workflow = Arc::clone(&workflow);
        std::thread::Builder::new().name("workflow".to_owned()).spawn(move || workflow.run())?
    };
    let owning = {
        let app = Arc::clone(&app);
        std::thread::Builder::new().name("owners".to_owned()).spawn(move || app.run_owners())?
    };
    announce(&addresses, &config.data_dir, config.ready_file.as_deref())?;
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: finishing the requests under way");
    // The receivers live as long as the listeners and the retention do.
    let _ = stop.send(true);
    serving.await;
    jobs.stop();
    workflow.stop();
    app.stop_owners();
    retention.await.context("the retention task failed")?;
    counting.await.context("the task that counts hits failed")?;
    // Those of the requests that were finished after the task.
    if let Err(error) =
        tokio::task::block_in_place(|| volume.write_counts().and_then(|()| capturing.write_ended()))
    {
        tracing::error!(%error, "what was not kept, and what was captured, could not be noted");
    }
    if working.join().is_err() {
        tracing::error!("the thread of the jobs failed");
    }
    if owning.join().is_err() {
        tracing::error!("the thread of the owners failed");
    }
    if judging.join().is_err() {
        tracing::error!("the thread of the workflow failed");
    }
    tokio::task::spawn_blocking(move || store.close()).await.context("closing the store failed")??;
    tracing::info!("stopped");
    Ok(())
}

fn announce(addresses: &Addresses, data_dir: &Path, ready_file: Option<&Path>) -> anyhow::Result<()> {
    let agent = format!("http://{}", addresses.agent);
    let ui = format!("http://{}", addresses.ui);
    if let Some(path) = ready_file {
        let ready = serde_json::json!({ "agent": agent, "ui": ui });
        let partial = path.with_extension("partial");
        std::fs::write(&partial, format!("{ready}\n"))
            .and_then(|()| std::fs::rename(&partial, path))
            .with_context(|| format!("cannot write the ready file `{}`", path.display()))?;
    }
    // Whoever started it may have closed its output.
    let mut out = Unfailing(std::io::stdout().lock());
    writeln!(out, "Reenact is ready.")?;
    writeln!(out, "  open      {ui}")?;
    writeln!(out, "  send to   {agent}   (DD_TRACE_AGENT_URL)")?;
    if let Some(socket) = &addresses.agent_socket {
        writeln!(out, "            unix://{}", socket.display())?;
    }
    writeln!(out, "  data in   {}", data_dir.display())?;
    out.flush()?;
    Ok(())
}

/// Writes what rules did, and which requests for captures have ended, now and then and at the end.
async fn write_records(
    (policies, volume, capturing): (Arc<Policies>, Arc<Volume>, Arc<Capturing>),
    mut shutdown: watch::Receiver<bool>,
) {
    let mut stopping = false;
    while !stopping {
        stopping = tokio::select! {
            () = tokio::time::sleep(HITS_INTERVAL) => false,
            _ = shutdown.wait_for(|stop| *stop) => true,
        };
        let (hits, counts, requests) = (Arc::clone(&policies), Arc::clone(&volume), Arc::clone(&capturing));
        let writing = move || {
            hits.write_hits().and_then(|()| counts.write_counts()).and_then(|()| requests.write_ended())
        };
        match tokio::task::spawn_blocking(writing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the hits of rules could not be written"),
            Err(error) => tracing::error!(%error, "writing the hits of rules failed"),
        }
    }
}

async fn keep_retention(store: Arc<dyn Store>, policies: Arc<Policies>, mut shutdown: watch::Receiver<bool>) {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let now = Timestamp::from_nanos(i64::try_from(now).unwrap_or(i64::MAX));
        let (keeping, records) = (Arc::clone(&store), Arc::clone(&policies));
        let kept = tokio::task::spawn_blocking(move || {
            keeping.enforce_retention(now).and_then(|()| records.forget(now))
        });
        match kept.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the retention could not be kept"),
            Err(error) => tracing::error!(%error, "the retention failed"),
        }
        tokio::select! {
            () = tokio::time::sleep(RETENTION_INTERVAL) => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::Unfailing;

    struct Closed;

    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn an_output_that_nobody_reads_fails_nothing() {
        let mut out = Unfailing(Closed);
        assert!(writeln!(out, "a line").is_ok() && out.flush().is_ok());
    }
}
