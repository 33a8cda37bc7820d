//! Listening on TCP and Unix sockets, with limits on connections and headers.

use std::future::Future;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

/// Connections of one listener at a time; further ones wait in the system's queue.
pub const CONNECTIONS_MAX: usize = 1024;
/// Time in which the head of a request has to arrive.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Size of the head of a request, in bytes.
pub const HEADER_BYTES_MAX: usize = 64 << 10;
/// Time that requests under way have to finish at shutdown.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Becomes true once, when everything shall stop.
pub type Shutdown = watch::Receiver<bool>;

/// The address that a connection over TCP comes from; an extension of each of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Serves HTTP/1.1 on a TCP listener until `shutdown`, then finishes the requests under way.
pub async fn serve_tcp(listener: TcpListener, router: Router, shutdown: Shutdown) {
    let accept = || async {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, Some(Peer(peer.ip()))))
    };
    serve(accept, router, shutdown).await;
}

/// Serves HTTP/1.1 on a Unix socket until `shutdown`, then finishes the requests under way and
/// removes the socket.
pub async fn serve_unix(listener: BoundSocket, router: Router, shutdown: Shutdown) {
    let accept = || async { listener.listener.accept().await.map(|(stream, _)| (stream, None)) };
    serve(accept, router, shutdown).await;
}

/// A Unix socket that is removed from the file system when dropped.
#[derive(Debug)]
pub struct BoundSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl BoundSocket {
    /// Binds to `path`. A socket left behind by a process that is gone is replaced.
    ///
    /// # Errors
    /// When somebody listens there, when `path` is something else than a socket, or may not be created.
    pub fn bind(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::FileTypeExt;

        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(std::io::Error::new(
                    std::io::ErrorKind::AlreadyExists,
                    "a file that is no socket is in the way",
                ));
            }
            Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
                return Err(std::io::Error::new(
                    std::io::ErrorKind::AddrInUse,
                    "another process listens there",
                ));
            }
            Ok(_) => std::fs::remove_file(path)?,
            Err(_) => {}
        }
        Ok(Self { listener: UnixListener::bind(path)?, path: path.to_owned() })
    }
}

impl Drop for BoundSocket {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the socket was gone already");
        }
    }
}

async fn serve<S, F>(accept: impl Fn() -> F, router: Router, mut shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = std::io::Result<(S, Option<Peer>)>>,
{
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut builder = hyper::server::conn::http1::Builder::new();
    // A client may say that it has sent everything and still wait for the answer.
    builder.half_close(true);
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_BYTES_MAX);
    loop {
        let permit = Arc::clone(&connections).acquire_owned().await.expect("the semaphore is never closed");
        let stream = tokio::select! {
            stream = accept() => stream,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match stream {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: waiting is all that helps.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let service =
            TowerToHyperService::new(router.clone().map_request(move |mut request: Request<Incoming>| {
                if let Some(peer) = peer {
                    request.extensions_mut().insert(peer);
                }
                request
            }));
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}
