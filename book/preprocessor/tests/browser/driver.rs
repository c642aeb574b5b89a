//! As much of WebDriver (W3C) as a few tests need: JSON over HTTP to a `chromedriver` of our own.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A browser.
pub(crate) struct Driver {
    process: Child,
    port: u16,
    session: String,
    profile: PathBuf,
    /// Open as long as chromedriver may write to it.
    output: Option<BufReader<ChildStdout>>,
}

impl Driver {
    /// Starts a browser whose pages are that wide; `None` if there is no `chromedriver`.
    pub(crate) fn start(width: u32) -> Option<Self> {
        let process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let process = match process {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            process => process.unwrap(),
        };
        let mut driver = Self {
            process,
            port: 0,
            session: String::new(),
            profile: PathBuf::new(),
            output: None,
        };
        driver.listen();
        driver.open_window(width);
        Some(driver)
    }

    /// chromedriver says which free port it took. What else it says, nobody reads.
    fn listen(&mut self) {
        let mut output = BufReader::new(self.process.stdout.take().unwrap());
        let mut line = String::new();
        while self.port == 0 {
            line.clear();
            let read = output.read_line(&mut line).unwrap();
            assert!(read > 0, "chromedriver ended");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                self.port = port.trim().trim_end_matches('.').parse().unwrap();
            }
        }
        self.output = Some(output);
    }

    fn open_window(&mut self, width: u32) {
        self.profile = std::env::temp_dir().join(format!("halfopen-book-browser-{}", self.port));
        let profile = format!("--user-data-dir={}", self.profile.display());
        let mut arguments: Vec<&str> = FLAGS.to_vec();
        arguments.push(&profile);
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments },
        }}});
        let created = self.ask("POST", "/session", &wanted).unwrap();
        self.session = created["sessionId"].as_str().unwrap().to_owned();
        let metrics = json!({
            "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        let metrics = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.of_session("/goog/cdp/execute", &metrics);
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&mut self, address: &str) {
        self.of_session("/url", &json!({ "url": address }));
    }

    /// What a script returns.
    pub(crate) fn run(&mut self, script: &str) -> Value {
        self.of_session("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What a script returns as soon as it is good; the browser is asked again and again, and not for ever.
    pub(crate) fn wait_for(&mut self, script: &str, good: fn(&Value) -> bool) -> Value {
        for _ in 0..TRIES_MAX {
            let value = self.run(script);
            if good(&value) {
                return value;
            }
            // The browser waits, not we.
            self.of_session(
                "/execute/async",
                &json!({ "script": "setTimeout(arguments[0], 50)", "args": [] }),
            );
        }
        panic!("{script} did not come to anything");
    }

    /// Errors and warnings of the console since the last call.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        let log = self.of_session("/se/log", &json!({ "type": "browser" }));
        log.as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    fn of_session(&mut self, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.ask("POST", &path, body)
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = body.to_string();
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.port)).map_err(|error| error.to_string())?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .map_err(|error| error.to_string())?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while answer.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value
                    .trim()
                    .parse()
                    .map_err(|_| "an answer without a length")?;
            }
            line.clear();
        }
        let mut bytes = vec![0; length];
        answer
            .read_exact(&mut bytes)
            .map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        match value["value"]["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["value"]["message"])),
            None => Ok(value["value"].clone()),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser first, then its driver, then what it wrote.
        let _ = self.ask("DELETE", &format!("/session/{}", self.session), &json!({}));
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.output = None;
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

const TRIES_MAX: usize = 200;
