//! T6: what people use who want more than a script, each as its own pages show it.

use std::path::PathBuf;
use std::process::Command;

use crate::measured;
use crate::options::Options;
use crate::ours;
use crate::place::Place;
use crate::rivals::{self, Rival, installed};
use crate::rounds::{Contest, Figures, wall};
use crate::verdict::Table;

pub(crate) fn measure(options: &Options, table: &mut Table) {
    if !options.wants(&["T6"]) {
        return;
    }
    let (few, many) = (options.sized(100, 2), options.sized(600, 4));
    // A step of some takes so long that fewer of them say as much.
    let (two, ten) = (options.sized(5, 1), options.sized(25, 2));
    let rival = |rival: Rival, few, many| move || Figures::slope(few, many, |count| rivals::run(rival, count));
    let results = Contest::default()
        .with("ours", || Figures::slope(few, many, |count| ours::exec(&ours::steps(count), &ours::UNSEALED)))
        .with("dbos", rival(dbos, few, many))
        .with("luigi", rival(luigi, few, many))
        .with("pyinfra", rival(pyinfra, few, many))
        .with("ansible", rival(ansible, two, ten))
        .held(options.rounds.min(3));
    for (name, must, aim) in
        [("dbos", 0.6, 0.4), ("luigi", 0.5, 1.0 / 3.0), ("pyinfra", 0.15, 0.1), ("ansible", 1.0 / 180.0, 1.0 / 240.0)]
    {
        table.row("T6", &format!("a step × {name}"), results.ratio("ours", name, wall), "×", must, aim);
    }
    for name in ["ours", "dbos", "luigi", "pyinfra", "ansible"] {
        table.figure(&format!("a step beside those, {name}"), results.sample(name, wall), "ms");
    }
}

/// The Python that a program was installed for.
fn python_of(program: &str) -> Result<PathBuf, String> {
    Ok(installed(program)?.with_file_name("python3"))
}

/// dbos: a workflow in Python that goes on where it was, its steps written down in SQLite. With `stop`, its last step ends the process,
/// and what is started again takes it up; that is not asked whether the workflow has ended, which takes up to a second longer.
const DBOS: &str = r#"
import os, subprocess, sys
from dbos import DBOS, SetWorkflowID
DBOS(config={"name": "costs", "system_database_url": "sqlite:///costs.sqlite", "log_level": "ERROR", "run_admin_server": False})

@DBOS.step()
def step(n):
    subprocess.run(["/bin/true"], check=True)

@DBOS.step()
def stop():
    os._exit(0 if os.path.exists("go") else 9)

@DBOS.workflow()
def steps(count, stops):
    for n in range(count):
        step(n)
    if stops:
        stop()

DBOS.launch()
if os.path.exists("go"):
    DBOS.retrieve_workflow("costs").get_result()
else:
    with SetWorkflowID("costs"):
        steps(int(sys.argv[1]), "stop" in sys.argv)
DBOS.destroy()
"#;

fn dbos(place: &Place, count: usize) -> Result<Command, String> {
    place.write("steps.py", DBOS)?;
    Ok(place.command(python_of("dbos")?, &["steps.py", &count.to_string()]))
}

/// dbos, stopped behind so many steps and started again: until it comes to the first that is new.
pub(crate) fn dbos_resumed(count: usize) -> Result<Figures, String> {
    let place = Place::new()?;
    place.write("steps.py", DBOS)?;
    let run = || Ok::<_, String>(place.command(python_of("dbos")?, &["steps.py", &count.to_string(), "stop"]));
    measured::run(run()?, 9)?;
    place.write("go", "")?;
    measured::run(run()?, 0).map(Figures::of)
}

/// luigi: tasks that need each other, each done when its file is there.
fn luigi(place: &Place, count: usize) -> Result<Command, String> {
    place.write(
        "steps.py",
        r#"
import logging, subprocess, sys
import luigi

class Step(luigi.Task):
    n = luigi.IntParameter()

    def requires(self):
        return Step(n=self.n - 1) if self.n > 1 else []

    def output(self):
        return luigi.LocalTarget(f"done/{self.n}")

    def run(self):
        subprocess.run(["/bin/true"], check=True)
        with self.output().open("w"):
            pass

sys.exit(0 if luigi.build([Step(n=int(sys.argv[1]))], local_scheduler=True, log_level="CRITICAL") else 1)
"#,
    )?;
    Ok(place.command(python_of("luigi")?, &["steps.py", &count.to_string()]))
}

/// pyinfra: operations on hosts, here on this machine and without `ssh`.
fn pyinfra(place: &Place, count: usize) -> Result<Command, String> {
    let step = "server.shell(name=f'step {n}', commands=['/bin/true'])";
    place.write("deploy.py", &format!("from pyinfra.operations import server\nfor n in range({count}):\n    {step}\n"))?;
    Ok(place.command(installed("pyinfra")?, &["-y", "@local", "deploy.py"]))
}

/// ansible: a playbook for this machine, without `ssh` and without gathering facts.
fn ansible(place: &Place, count: usize) -> Result<Command, String> {
    let tasks = "    - ansible.builtin.command: /bin/true\n".repeat(count);
    place.write("steps.yml", &format!("- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n{tasks}"))?;
    // Otherwise it takes whichever Python it finds, and that may be one that only says which Pythons there are.
    let python = format!("ansible_python_interpreter={}", python_of("ansible-playbook")?.display());
    Ok(place.command(installed("ansible-playbook")?, &["-i", "localhost,", "-e", &python, "steps.yml"]))
}
