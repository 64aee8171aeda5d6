//! A web server of a buyer: what it answers can be changed while it runs, and it counts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A web server on this machine.
pub(crate) struct Bureau {
    home: String,
    shelf: Arc<Shelf>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shelf {
    documents: Mutex<HashMap<String, String>>,
    asked: AtomicUsize,
}

impl Bureau {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let home = format!("http://{}", listener.local_addr().expect("an address"));
        let shelf = Arc::new(Shelf::default());
        let router = Router::new().fallback(answer).with_state(shelf.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Bureau {
            home,
            shelf,
            server,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.home)
    }

    /// Puts a document there, or another in its place.
    pub(crate) fn put(&self, path: &str, document: impl ToString) {
        let mut documents = self.shelf.documents.lock().expect("a lock");
        documents.insert(path.to_owned(), document.to_string());
    }

    /// Takes a document away: it is answered with 503 from then on.
    pub(crate) fn remove(&self, path: &str) {
        self.shelf.documents.lock().expect("a lock").remove(path);
    }

    /// How often anything was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.shelf.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Bureau {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shelf): State<Arc<Shelf>>, request: Request) -> (StatusCode, String) {
    shelf.asked.fetch_add(1, Ordering::Relaxed);
    let documents = shelf.documents.lock().expect("a lock");
    match documents.get(request.uri().path()) {
        Some(document) => (StatusCode::OK, document.clone()),
        None => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
    }
}
