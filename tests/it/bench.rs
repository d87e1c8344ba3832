//! A small installation in a temp folder: configuration, one rule, one watchlist, drop folder, Maildir.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidewaiter::config::Config;
use tidewaiter::daemon::{self, Until};
use tokio_util::sync::CancellationToken;

pub const RULE: &str = "\
title: Su-35 parts to Rostec
id: su-35
level: critical
description: Parts for Su-35 fighters, declared for a company under Rostec.
detection:
  goods:
    description: [Su-35*]
  to_rostec:
    any_recipient|owned_by: Rostec
  condition: goods and to_rostec
";

pub const WATCHLIST: &str = "\
entities:
  - id: rostec
    name: Rostec
    aliases: [Ростех]
    country: RU
    source: EU Reg 833/2014 Annex IV
  - id: kret
    name: AO KRET
    aliases: [КРЭТ]
    country: RU
    identifiers: { inn: '7703695246' }
    parents: [{ id: rostec, kind: subsidiary, source: EU Reg 269/2014 Annex I entity no 148 }]
";

pub const LAYOUT: &str = "\
layout: harbor
title: Plain test layout
fields:
  declaration_id: [declaration]
  item_number: [item]
  declaration_date: [date]
  consignor.name: [consignor]
  consignee.name: [consignee]
  hs_code: [hs]
  description: [goods]
  value_usd: [usd]
";

pub const HEADER: &str = "declaration,item,date,consignor,consignee,hs,goods,usd\n";

/// One line that the rule fires for.
pub fn hit(declaration: u32) -> String {
    format!(
        "D-{declaration},1,2022-10-24,AVIC INTERNATIONAL HOLDING CORP,АО «КРЭТ»,8807300000,ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35,1200000\n"
    )
}

/// One line that no rule fires for.
pub fn quiet(declaration: u32) -> String {
    format!("D-{declaration},1,2022-10-24,SOME TRADING CO,ООО «РОМАШКА»,9503007500,ИГРУШКА,100\n")
}

pub struct Bench {
    folder: TempDir,
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with_transport("maildir:mail")
    }

    pub fn with_transport(transport: &str) -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap() };
        bench.write("rules/su-35.yaml", RULE);
        bench.write("rules/watchlists/seed.yaml", WATCHLIST);
        bench.write("rules/layouts/harbor.yaml", LAYOUT);
        bench.write(
            "tidewaiter.yaml",
            format!(
                "sources:\n  - {{ name: imports, folder: drop, settle_for: 1ms, scan_every: 50ms }}\n\
                 mail: {{ transport: '{transport}', from: tidewaiter@example.org, timeout: 5s }}\n\
                 recipients: {{ default: analyst@example.org }}\noperators: ops@example.org\n"
            ),
        );
        std::fs::create_dir_all(bench.path("drop")).unwrap();
        bench
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn config(&self) -> Config {
        Config::load(&self.path("tidewaiter.yaml")).unwrap()
    }

    /// Runs the real daemon until nothing is left to do.
    pub fn run(&self) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(daemon::run(self.config(), Until::Idle, CancellationToken::new())).unwrap();
    }

    /// The real daemon, running until it is stopped or dropped.
    pub fn start(&self) -> Running {
        let (config, stop) = (self.config(), CancellationToken::new());
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(daemon::run(config, Until::Stopped, until)).unwrap();
        });
        Running { stop, thread: Some(thread) }
    }

    /// A command as mails show it, with what follows the configuration.
    pub fn typed(&self, command: &str, rest: &str) -> String {
        format!("tidewaiter {command} -c {} {rest}", self.path("tidewaiter.yaml").display())
    }

    /// The messages in the Maildir, oldest first by name.
    pub fn mails(&self) -> Vec<String> {
        read_all(&self.path("mail/new"))
    }

    pub fn mails_to(&self, address: &str) -> Vec<String> {
        let to = format!("To: {address}");
        self.mails().into_iter().filter(|mail| mail.lines().any(|line| line.trim_end() == to)).collect()
    }
}

/// A daemon in a thread of its own.
pub struct Running {
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    /// As SIGTERM does; returns when it has ended.
    pub fn stop(mut self) {
        self.stop.cancel();
        self.thread.take().unwrap().join().unwrap();
    }

    /// Waits for what the daemon is about to do, and fails when it does not, or has died.
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let started = Instant::now();
        while !holds() {
            assert!(!self.thread.as_ref().unwrap().is_finished(), "the daemon ended before {what}");
            assert!(started.elapsed() < Duration::from_secs(60), "waited a minute for {what}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub fn read_all(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect()
}

/// Subject of a message, decoded.
pub fn subject(mail: &str) -> String {
    mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap().subject().unwrap_or("").to_owned()
}
