//! A host of a lab.

use super::{Lab, Program, main_program, meant};
use crate::engine::turmoil::CodeResult;
use crate::plan::HostPlan;
use halfopen_tcp::Profile;
use halfopen_tcp::profile::settings::{SettingError, SettingValue};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// A host of a [`Lab`], to be told what it is and what it runs. From [`Lab::host`].
///
/// ```
/// use halfopen::Lab;
/// use halfopen::net::TcpListener;
///
/// let mut lab = Lab::new();
/// lab.host("server")
///     .os("linux")
///     .setting("net.ipv4.tcp_synack_retries", 2)
///     .on_boot(|| async {
///         let listener = TcpListener::bind("0.0.0.0:80").await?;
///         loop {
///             listener.accept().await?;
///         }
///     });
/// ```
#[derive(Debug)]
pub struct LabHost<'l> {
    lab: &'l mut Lab,
    name: String,
}

impl<'l> LabHost<'l> {
    pub(super) fn add(lab: &'l mut Lab, name: String) -> Self {
        let linux = Profile::named("linux").expect("comes with the library");
        lab.plan.hosts.push(HostPlan {
            name: name.clone(),
            profile: Arc::new(linux),
            settings: Vec::new(),
            programs: Vec::new(),
        });
        Self { lab, name }
    }

    fn plan(&mut self) -> &mut HostPlan {
        let last = self.lab.plan.hosts.last_mut();
        last.expect("it was added, and no other is while this borrows the lab")
    }

    /// The system that it runs: a profile that comes with the library, such as `windows-10`. Settings come after it.
    ///
    /// # Panics
    /// If there is none of that name.
    #[track_caller]
    pub fn os(mut self, name: &str) -> Self {
        let profile = Profile::named(name).unwrap_or_else(|| {
            let known = Profile::ALL.iter().map(|profile| profile.name.as_ref());
            panic!("no profile is called `{name}`{}", meant(name, known))
        });
        self.plan().profile = Arc::new(profile);
        self
    }

    /// The system that it runs, as a profile of your own.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.plan().profile = Arc::new(profile);
        self
    }

    /// Changes a setting of its system, by the system's own name for it.
    ///
    /// # Panics
    /// If its system has none of that name, or the value does not fit.
    #[track_caller]
    pub fn setting(mut self, name: &str, value: impl Into<SettingValue>) -> Self {
        let value = value.into();
        let host = self.plan();
        let profile = Arc::make_mut(&mut host.profile);
        match profile.set(name, &value) {
            Ok(()) => host.settings.push((name.to_owned(), value)),
            Err(SettingError::Unknown) => {
                let known = halfopen_tcp::profile::settings::all(profile.os);
                let known = known.iter().map(|setting| setting.name);
                let meant = meant(name, known);
                panic!("`{}` has no setting called `{name}`{meant}", profile.name)
            }
            Err(SettingError::Invalid(why)) => panic!("the value of `{name}` does not fit: {why}"),
        }
        self
    }

    /// Runs a program from the start. The run does not wait for its end.
    pub fn program<F, Fut>(self, code: F) -> Self
    where
        F: Fn() -> Fut + 'static,
        Fut: Future<Output = CodeResult> + 'static,
    {
        self.add_program(Duration::ZERO, false, false, code)
    }

    /// Runs a program from that time on.
    pub fn program_at<F, Fut>(self, start: Duration, code: F) -> Self
    where
        F: Fn() -> Fut + 'static,
        Fut: Future<Output = CodeResult> + 'static,
    {
        self.add_program(start, false, false, code)
    }

    /// Runs a program from the start, and again whenever the machine boots.
    pub fn on_boot<F, Fut>(self, code: F) -> Self
    where
        F: Fn() -> Fut + 'static,
        Fut: Future<Output = CodeResult> + 'static,
    {
        self.add_program(Duration::ZERO, true, false, code)
    }

    /// Runs a program from the start. The run ends when all clients are done.
    pub fn client(self, code: impl Future<Output = CodeResult> + 'static) -> Self {
        let code = Rc::new(RefCell::new(Some(code)));
        let start = move || {
            let code = code.borrow_mut().take();
            async move {
                match code {
                    Some(code) => code.await,
                    None => Ok(()),
                }
            }
        };
        self.add_program(Duration::ZERO, false, true, start)
    }

    fn add_program<F, Fut>(mut self, start: Duration, on_boot: bool, client: bool, code: F) -> Self
    where
        F: Fn() -> Fut + 'static,
        Fut: Future<Output = CodeResult> + 'static,
    {
        let programs = &mut self.plan().programs;
        let number = programs.len();
        let mut program = main_program();
        if number > 0 {
            program.name = format!("program-{}", number + 1);
        }
        program.start += start;
        program.on_boot = on_boot;
        programs.push(program);
        self.lab.programs.push(Program {
            host: self.name.clone(),
            number,
            client,
            code: Rc::new(move || Some(Box::pin(code()))),
        });
        self
    }
}
