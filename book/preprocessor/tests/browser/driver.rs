//! As much of WebDriver (W3C) as a few tests need: JSON over HTTP to a `chromedriver` of our own.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A browser.
pub(crate) struct Driver {
    process: Child,
    port: u16,
    session: String,
    profile: PathBuf,
}

impl Driver {
    /// Starts a browser whose pages are that wide.
    pub(crate) fn start(width: u32) -> Result<Self, String> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let port = port_of(&mut process)?;
        let profile = std::env::temp_dir().join(format!(
            "halfopen-book-browser-{}-{port}",
            std::process::id()
        ));
        let mut driver = Self {
            process,
            port,
            session: String::new(),
            profile,
        };
        let profile = format!("--user-data-dir={}", driver.profile.display());
        let mut arguments: Vec<&str> = FLAGS.to_vec();
        arguments.push(&profile);
        let created = driver.ask(
            "POST",
            "/session",
            &json!({ "capabilities": { "alwaysMatch": {
                "goog:loggingPrefs": { "browser": "ALL" },
                "goog:chromeOptions": { "args": arguments },
            }}}),
        )?;
        driver.session = created["sessionId"]
            .as_str()
            .ok_or("no session")?
            .to_owned();
        driver.cdp(
            "Emulation.setDeviceMetricsOverride",
            &json!({
                "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600,
            }),
        );
        Ok(driver)
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

    /// A command of the browser's own protocol.
    fn cdp(&mut self, command: &str, parameters: &Value) -> Value {
        self.of_session(
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
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
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// chromedriver says which free port it took.
fn port_of(process: &mut Child) -> Result<u16, String> {
    let output = process.stdout.take().ok_or("no output")?;
    for line in BufReader::new(output).lines().take(20) {
        let line = line.map_err(|error| error.to_string())?;
        if let Some(port) = line.split("on port ").nth(1) {
            let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
            if let Ok(port) = digits.parse() {
                return Ok(port);
            }
        }
    }
    Err("it names no port".to_owned())
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
