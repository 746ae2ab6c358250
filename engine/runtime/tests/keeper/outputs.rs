//! Output of any bytes and any length.

use std::time::Duration;

use runbook_model::digest::Digester;
use runbook_model::excerpt::{Excerpt, KEPT};
use tokio::sync::watch;

use crate::place::{Place, block_on, exited, sh};

crate::tests![
    a_hundred_mebibytes_need_no_memory,
    any_bytes_come_through,
    one_line_of_ten_mebibytes,
    secrets_are_nowhere,
    a_slow_listener_does_not_slow_the_command,
];

fn a_hundred_mebibytes_need_no_memory() {
    let place = Place::new();
    let keeper = place.keeper();
    let peak = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", place.keeper_pid())).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    };
    block_on(async {
        exited(&keeper, 1, sh("true")).await;
        let before = peak();
        let size = 100 * 1024 * 1024_u64;
        let ended = exited(&keeper, 2, sh(&format!("yes 'a line of output' | head -c {size}"))).await;
        let grown = peak() - before;
        assert!(grown < 4 * 1024, "{grown} KiB more than before (then {before} KiB)");
        assert!(before < 24 * 1024, "{before} KiB");

        let line = b"a line of output\n".repeat(64 * 1024);
        let mut digest = Digester::default();
        let mut rest = usize::try_from(size).expect("64 bit");
        while rest > 0 {
            let piece = rest.min(line.len());
            digest.update(&line[..piece]);
            rest -= piece;
        }
        assert_eq!((ended.stdout.size, ended.stdout.digest), (size, digest.finish()));
        assert_eq!(ended.stdout.head.0, line[..KEPT / 2]);
    });
    let file = place.file("2.stdout");
    assert!((64 * 1024 * 1024..65 * 1024 * 1024).contains(&file.len()));
    let remark = b"\n[runbook: 37748736 bytes are left out here; all 104857600 bytes have the SHA-256 ";
    let end = &file[file.len() - 300 * 1024..];
    assert!(
        end.windows(remark.len()).any(|window| window == remark) && end.ends_with(b"a line of output\na "),
        "both ends are kept"
    );
}

fn any_bytes_come_through() {
    let place = Place::new();
    let keeper = place.keeper();
    let bytes: Vec<u8> = (0..=255).chain([0, 0xff, 0xfe]).collect();
    let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    let (_sender, stop) = watch::channel(false);
    let mut heard = Vec::new();
    let job = sh(&format!("printf '{octal}'"));
    let end = block_on(keeper.run(1, job, None, stop, |stderr, bytes| {
        assert!(!stderr);
        heard.extend_from_slice(bytes);
    }));
    let runbook_runtime::keeper::RunEnd::Exited(ended) = end else { panic!("{end:?}") };
    assert_eq!(ended.stdout, Excerpt::of(&bytes));
    assert_eq!((heard, place.file("1.stdout")), (bytes.clone(), bytes));
}

fn one_line_of_ten_mebibytes() {
    let place = Place::new();
    let keeper = place.keeper();
    let ended = block_on(exited(&keeper, 1, sh("head -c 10485760 /dev/zero | tr '\\0' 'x'; printf END >&2")));
    let line = vec![b'x'; 10 * 1024 * 1024];
    assert_eq!((ended.stdout, ended.stderr), (Excerpt::of(&line), Excerpt::of(b"END")));
    assert_eq!(place.file("1.stdout"), line);
}

fn secrets_are_nowhere() {
    let place = Place::new();
    let keeper = place.keeper();
    // The secret is printed in two writes with other work between them, so that two reads see a half each.
    let mut job = sh(r#"printf 'key hun'; sleep 0.05; printf 'ter2!'; printf "$SECRET" >&2"#);
    job.env.insert("SECRET".to_owned(), "hunter2".to_owned());
    job.redact = vec![b"hunter2".to_vec()];
    let (_sender, stop) = watch::channel(false);
    let mut heard = Vec::new();
    let end = block_on(keeper.run(1, job, None, stop, |_, bytes| heard.extend_from_slice(bytes)));
    let runbook_runtime::keeper::RunEnd::Exited(ended) = end else { panic!("{end:?}") };
    assert_eq!((ended.stdout, ended.stderr), (Excerpt::of(b"key [redacted]!"), Excerpt::of(b"[redacted]")));
    let leaked = |bytes: &[u8]| bytes.windows(7).any(|window| window == b"hunter2");
    assert!(!leaked(&heard));
    for file in std::fs::read_dir(&place.dir).expect("ours").flatten().filter(|file| file.path().is_file()) {
        assert!(!leaked(&std::fs::read(file.path()).expect("ours")), "{:?}", file.path());
    }
}

fn a_slow_listener_does_not_slow_the_command() {
    let place = Place::new();
    let keeper = place.keeper();
    let done = place.dir.join("done");
    let job = sh(&format!("head -c 20000000 /dev/zero | tr '\\0' 'x'; touch {}", done.display()));
    let (_sender, stop) = watch::channel(false);
    let (mut heard, mut waited) = (Vec::new(), false);
    let end = block_on(keeper.run(1, job, None, stop, |_, bytes| {
        heard.extend_from_slice(bytes);
        if !waited {
            // The engine does nothing at all until the command is through.
            crate::place::eventually("the command is done", || {
                std::thread::sleep(Duration::from_millis(1));
                done.exists().then_some(())
            });
            waited = true;
        }
    }));
    let runbook_runtime::keeper::RunEnd::Exited(ended) = end else { panic!("{end:?}") };
    assert_eq!(ended.stdout.size, 20_000_000);
    let text = String::from_utf8(heard).expect("text");
    assert!(text.len() < 2_000_000 && text.contains("bytes are not shown here]") && text.ends_with("xxx"));
}
