//! Binding the addresses, and serving until told to stop.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use reenact_intake::listen::{BoundSocket, Shutdown, serve_tcp, serve_unix};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Where to listen.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The intake's address; port 0 picks a free one.
    pub agent: SocketAddr,
    /// The intake's Unix socket.
    pub agent_socket: Option<PathBuf>,
    /// The address of the pages and the API; port 0 picks a free one.
    pub ui: SocketAddr,
}

/// The addresses that are really listened on.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The intake.
    pub agent: SocketAddr,
    /// The intake's Unix socket.
    pub agent_socket: Option<PathBuf>,
    /// The pages and the API.
    pub ui: SocketAddr,
}

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`; {hint}")]
pub struct ListenersError {
    /// The address or path.
    pub address: String,
    /// How to mend it.
    pub hint: &'static str,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Bound, not yet serving.
pub struct Listeners {
    agent: TcpListener,
    agent_socket: Option<BoundSocket>,
    ui: TcpListener,
    addresses: Addresses,
}

impl Listeners {
    /// Binds everything, or nothing.
    ///
    /// # Errors
    /// [`ListenersError`] names the address, the reason and a remedy.
    pub async fn bind(listening: &Listening) -> Result<Self, ListenersError> {
        let agent = bind_tcp(listening.agent, "choose another one with `--agent-listen`").await?;
        let ui = bind_tcp(listening.ui, "choose another one with `--listen`").await?;
        let bind_socket = |path: &PathBuf| {
            BoundSocket::bind(path).map_err(|source| ListenersError {
                address: path.display().to_string(),
                hint: "choose another path with `--agent-socket`",
                source,
            })
        };
        let agent_socket = listening.agent_socket.as_ref().map(bind_socket).transpose()?;
        let addresses = Addresses {
            agent: local_address(&agent, listening.agent),
            agent_socket: listening.agent_socket.clone(),
            ui: local_address(&ui, listening.ui),
        };
        Ok(Self { agent, agent_socket, ui, addresses })
    }

    /// The addresses, with the ports that the system picked.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Serves until `shutdown`, then finishes the requests under way.
    pub async fn serve(self, agent_router: Router, ui_router: Router, shutdown: Shutdown) {
        let mut tasks = JoinSet::new();
        if let Some(socket) = self.agent_socket {
            tasks.spawn(serve_unix(socket, agent_router.clone(), shutdown.clone()));
        }
        tasks.spawn(serve_tcp(self.agent, agent_router, shutdown.clone()));
        tasks.spawn(serve_tcp(self.ui, ui_router, shutdown));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a listener failed");
            }
        }
    }
}

async fn bind_tcp(address: SocketAddr, hint: &'static str) -> Result<TcpListener, ListenersError> {
    TcpListener::bind(address).await.map_err(|source| ListenersError {
        address: address.to_string(),
        hint,
        source,
    })
}

fn local_address(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}
