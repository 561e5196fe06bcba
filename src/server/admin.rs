//! The daemon's own socket: a Unix socket for the commands of this machine.
//!
//! Its file is the daemon's user's alone (mode 0600), and who connects is asked of the kernel. A socket that an earlier
//! process left is removed: the ledger's lock says that there is none any more.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;

use crate::{
    ledger::Ledger,
    rpc::{admin::AdminService, admin_contract::admin_service_server::AdminServiceServer},
};

/// The socket, bound and not yet served; its file is removed when dropped.
pub struct Socket {
    path: PathBuf,
    listener: Option<UnixListener>,
    own_uid: u32,
}

impl Socket {
    /// Binds the socket at `path`.
    ///
    /// # Errors
    ///
    /// Where the file cannot be made or is none of a socket.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(file) if std::os::unix::fs::FileTypeExt::is_socket(&file.file_type()) => fs::remove_file(path)?,
            Ok(_) => {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket is in its place"));
            }
            Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        // What a process makes is its own user's; the standard library tells that user no other way.
        let own_uid = fs::metadata(path)?.uid();
        Ok(Self { path: path.to_owned(), listener: Some(listener), own_uid })
    }

    /// Serves `ledger` until dropped.
    ///
    /// # Errors
    ///
    /// Where the socket does not let itself be waited on, or the transport fails as a whole.
    pub async fn serve(mut self, ledger: Arc<Ledger>) -> io::Result<()> {
        let Some(listener) = self.listener.take() else { return Ok(()) };
        let listener = tokio::net::UnixListener::from_std(listener)?;
        let service = AdminServiceServer::new(AdminService::new(ledger, self.own_uid));
        let incoming = UnixListenerStream::new(listener);
        Server::builder().add_service(service).serve_with_incoming(incoming).await.map_err(io::Error::other)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // A file that is gone already is as good.
        fs::remove_file(&self.path).unwrap_or_default();
    }
}
