//! tonic's server takes our streams.

use super::TcpStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// As tonic's own for tokio's stream.
impl Connected for TcpStream {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        TcpConnectInfo {
            local_addr: self.local_addr().ok(),
            remote_addr: self.peer_addr().ok(),
        }
    }
}
