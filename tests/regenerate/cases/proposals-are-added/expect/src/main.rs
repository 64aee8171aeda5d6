//! `acme-media`: an AdCP seller agent.
//!
//! This file only plugs things together. What is sold and how is in `platform`, how proposals are
//! made of it in `proposals`; the ad server that delivers it is behind the trait in `ad_server`, and
//! the sandbox's products are in `catalog/`.

mod ad_server;
mod audit;
mod platform;
mod proposals;

use std::process::ExitCode;

use adcp_seller::Seller;
use wire::{PROFILE, Router, SPEC};

#[tokio::main]
async fn main() -> ExitCode {
    // The simulation, with every booking written down.
    let ad_server = audit::Audited::new(ad_server::SimulatedAdServer::default());
    let platform = platform::SalesDesk::new(ad_server);
    let proposals = proposals::ProposalDesk::new(platform.ad_server());
    let router = Router::new(platform, proposals);
    Seller::new(&SPEC, &PROFILE, router).run().await
}
