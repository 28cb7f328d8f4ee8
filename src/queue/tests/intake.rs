//! Opening the file, accepting, rendering, and what hostile input does to them.

use super::{DAY, NOW, bench, job_to, message_from, number};
use crate::model::{Cause, JobId, JobState, Resolution};
use crate::policy::AddressOptions;
use crate::queue::{
    Bell, DUPLICATE_WINDOW_MS, LocalFault, MAX_TEXT_BYTES, NewJob, NewMessage, NewReceived, QueueError, Refusal, Store,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

#[test]
fn a_message_sent_again_is_queued_once() {
    let store = bench();
    let first = store.accepted("a@example.com", 1, &["+390212345", "+49891234567"]);
    let again = store.accepted("a@example.com", 1, &["+49891234567", "+390212345"]);
    assert!(!first.is_duplicate() && again.is_duplicate());
    assert_eq!((first.message(), first.jobs()), (again.message(), again.jobs()));
    assert_eq!(store.counters().expect("counted").jobs_in(JobState::Accepted), 2);
}

#[test]
fn another_sender_recipient_sub_address_or_content_is_another_message() {
    let store = bench();
    let _ = store.accepted("a@example.com", 1, &["+390212345"]);
    assert!(!store.accepted("b@example.com", 1, &["+390212345"]).is_duplicate());
    assert!(!store.accepted("a@example.com", 2, &["+390212345"]).is_duplicate());
    assert!(!store.accepted("a@example.com", 1, &["+390212346"]).is_duplicate());
    let sub = NewJob { sub_address: Some("7".into()), ..job_to("+390212345") };
    assert!(!store.accept(message_from("a@example.com", 1), vec![sub]).expect("accepted").is_duplicate());
}

#[test]
fn after_a_day_the_same_message_is_a_new_one() {
    let store = bench();
    let _ = store.accepted("a@example.com", 1, &["+390212345"]);
    let late = |received_ms| {
        let message = NewMessage { received_ms, ..message_from("a@example.com", 1) };
        store.accept(message, vec![job_to("+390212345")]).expect("accepted").is_duplicate()
    };
    assert!(late(NOW + DUPLICATE_WINDOW_MS));
    assert!(!late(NOW + DUPLICATE_WINDOW_MS + 1));
}

#[test]
fn a_message_without_recipients_or_with_endless_text_is_refused_whole() {
    let store = bench();
    assert_eq!(store.accept(message_from("a", 1), Vec::new()), Err(Refusal::NoRecipient.into()));
    let subject = "x".repeat(MAX_TEXT_BYTES + 1);
    let message = NewMessage { subject, ..message_from("a", 1) };
    assert_eq!(store.accept(message, vec![job_to("4711")]), Err(Refusal::TextTooLong("Subject").into()));
    let message = NewMessage { size_bytes: u64::MAX, ..message_from("a", 1) };
    assert_eq!(store.accept(message, vec![job_to("4711")]), Err(Refusal::OutOfRange("the size").into()));
    assert_eq!(store.counters().expect("counted").jobs_in(JobState::Accepted), 0);
}

#[test]
fn hostile_text_comes_back_as_it_went_in() {
    const EVIL: &str = "'; DROP TABLE jobs; --\0\r\n\u{202e}\"%s%n{}\u{1f4e0}";
    let store = bench();
    let evil = || Some(EVIL.to_owned());
    let message = NewMessage {
        envelope_from: EVIL.into(),
        peer: EVIL.into(),
        received_ms: NOW,
        spool_file: EVIL.into(),
        size_bytes: 7,
        message_id: evil(),
        subject: EVIL.into(),
        header_from: EVIL.into(),
        references: EVIL.into(),
        envelope_id: evil(),
        return_content: evil(),
        content_hash: [0; 32],
    };
    let options = AddressOptions {
        attention: evil(),
        organization: evil(),
        from: evil(),
        cover: Some(false),
        resolution: Some(Resolution::Ultrafine),
        billing: evil(),
        tag: evil(),
    };
    let job = NewJob {
        options,
        max_pages: Some(9),
        original_address: EVIL.into(),
        sub_address: evil(),
        notify: evil(),
        original_recipient: evil(),
        trunk: evil(),
        caller: Some(number("+39021")),
        hold: evil(),
        ..job_to("+390212345")
    };
    let queued = store.accept(message.clone(), vec![job.clone()]).expect("accepted");
    let detail = store.show(queued.jobs()[0]).expect("found");
    let (row, mail) = (&detail.job, &detail.message);
    assert_eq!(
        (&row.original_address, &row.sub_address, &row.notify, &row.original_recipient, &row.trunk, &row.hold_reason),
        (&job.original_address, &job.sub_address, &job.notify, &job.original_recipient, &job.trunk, &job.hold)
    );
    assert_eq!((&row.options, row.max_pages), (&job.options, job.max_pages));
    assert_eq!((row.sender.as_str(), row.caller.as_ref(), row.state), (EVIL, job.caller.as_ref(), JobState::Held));
    assert_eq!(
        (&mail.peer, &mail.spool_file, &mail.message_id, &mail.subject, &mail.header_from, &mail.references),
        (
            &message.peer,
            &message.spool_file,
            &message.message_id,
            &message.subject,
            &message.header_from,
            &message.references
        )
    );
    assert_eq!((&mail.envelope_id, &mail.return_content), (&message.envelope_id, &message.return_content));

    store.release(queued.jobs()[0], NOW).expect("released");
    store.rendered(queued.message(), &[Some(Resolution::Ultrafine)], (EVIL, 1), NOW).expect("rendered");
    let opened = store.open_attempt(queued.jobs()[0], EVIL, NOW).expect("opened");
    let failed = crate::model::Outcome::nothing_sent(1, Cause::Local(EVIL.into()));
    store.close_attempt(opened.attempt, &failed, crate::policy::Next::At(NOW), evil(), NOW).expect("closed");
    let detail = store.show(queued.jobs()[0]).expect("found");
    assert_eq!(detail.job.pages_file.as_deref(), Some(EVIL));
    assert_eq!((detail.attempts[0].trunk.as_str(), &detail.attempts[0].record), (EVIL, &evil()));
    assert_eq!(detail.job.cause, Some(Cause::Local(EVIL.into())));

    let called = NewReceived { called: EVIL.into(), caller: evil(), trunk: evil(), ..NewReceived::default() };
    let received = store.open_reception(called).expect("opened");
    store.reception_page(received, 1, evil(), evil()).expect("noted");
    let row = store.received(received).expect("found");
    assert_eq!((row.called.as_str(), row.caller, row.trunk, row.remote_id), (EVIL, evil(), evil(), evil()));
    assert_eq!(row.sub_address, evil());
}

#[test]
fn pages_are_shared_by_all_jobs_of_the_message_and_held_ones_get_them_too() {
    let store = bench();
    let queued = store.accepted("a@example.com", 1, &["+390212345", "+390212346", "+390212347"]);
    let [first, second, third] = [0, 1, 2].map(|index: usize| queued.jobs()[index]);
    store.hold(second, "ask first").expect("held");
    store.cancel(third, NOW).expect("cancelled");
    let rendered = store.rendered(queued.message(), &[None], ("pages/1", 4), NOW).expect("rendered");
    assert_eq!((rendered.ready, rendered.held), (vec![first], vec![second]));
    assert_eq!(store.messages_to_render(10).expect("listed"), []);
    store.release(second, NOW).expect("released");
    let row = store.show(second).expect("found").job;
    assert_eq!((row.state, row.pages_total, row.pages_file.as_deref()), (JobState::Ready, 4, Some("pages/1")));
    assert!(store.rendered(queued.message(), &[None], ("pages/2", 4), NOW).expect("asked twice").is_empty());
}

#[test]
fn a_message_that_cannot_be_rendered_fails_with_the_reason_and_is_owed_a_report() {
    let store = bench();
    let queued = store.accepted("a@example.com", 1, &["+390212345"]);
    assert_eq!(store.messages_to_render(10).expect("listed").len(), 1);
    let failed = store.render_failed(queued.message(), &[None], "report.docx needs a password", NOW).expect("noted");
    assert_eq!(failed, queued.jobs());
    let report = store.jobs_to_report(10).expect("listed").remove(0).job;
    assert_eq!(report.cause, Some(Cause::CannotRender("report.docx needs a password".into())));
    assert_eq!(
        store.retry(failed[0], crate::queue::Resend::Whole, NOW, NOW + DAY),
        Err(Refusal::NoPages(failed[0]).into()),
        "there is nothing to dial"
    );
}

#[test]
fn pages_go_to_the_jobs_that_wish_for_their_resolution() {
    let store = bench();
    let wishing = |to: &str, resolution| NewJob {
        options: AddressOptions { resolution, ..AddressOptions::default() },
        ..job_to(to)
    };
    let jobs = vec![
        job_to("+390212345"),
        wishing("+390212346", Some(Resolution::Fine)),
        wishing("+390212347", Some(Resolution::Dots400)),
    ];
    let queued = store.accept(message_from("a@example.com", 1), jobs).expect("accepted");
    let [plain, fine, finest] = [0, 1, 2].map(|index: usize| queued.jobs()[index]);
    let wishes = [None, Some(Resolution::Fine)];
    let rendered = store.rendered(queued.message(), &wishes, ("pages/1", 4), NOW).expect("rendered");
    assert_eq!(rendered.ready, [plain, fine]);
    assert_eq!(store.messages_to_render(10).expect("listed").len(), 1, "one is still without pages");
    let finest_only = [Some(Resolution::Dots400)];
    assert_eq!(store.render_failed(queued.message(), &finest_only, "too large", NOW).expect("noted"), [finest]);
    assert_eq!(store.show(plain).expect("found").job.state, JobState::Ready);
    assert_eq!(store.messages_to_render(10).expect("listed"), []);
}

#[test]
fn the_same_mail_at_another_resolution_is_another_fax() {
    let store = bench();
    let accept = |resolution| {
        let options = AddressOptions { resolution, ..AddressOptions::default() };
        let jobs = vec![NewJob { options, ..job_to("+390212345") }];
        store.accept(message_from("a@example.com", 1), jobs).expect("accepted").is_duplicate()
    };
    assert!(!accept(None) && !accept(Some(Resolution::Fine)));
    assert!(accept(None) && accept(Some(Resolution::Fine)));
}

#[test]
fn a_job_fails_when_there_are_more_pages_than_it_may_have_and_a_held_one_when_it_is_released() {
    let store = bench();
    let most = |to: &str, most| NewJob { max_pages: most, ..job_to(to) };
    let jobs = vec![most("+390212345", Some(3)), most("+390212346", Some(4)), most("+390212347", Some(3))];
    let queued = store.accept(message_from("a@example.com", 1), jobs).expect("accepted");
    let [short, enough, held] = [0, 1, 2].map(|index: usize| queued.jobs()[index]);
    store.hold(held, "ask first").expect("held");
    let render = || store.rendered(queued.message(), &[None], ("pages/1", 4), NOW).expect("rendered");
    let rendered = render();
    assert_eq!((rendered.ready, rendered.held, rendered.too_long), (vec![enough], vec![], vec![short]));
    let job = store.show(short).expect("found").job;
    assert_eq!((job.state, job.pages_file), (JobState::Failed, None));
    assert_eq!(job.cause, Some(Cause::TooManyPages { pages: 4, most: 3 }));
    store.release(held, NOW).expect("released");
    let rendered = render();
    assert!(rendered.is_empty() && rendered.too_long == [held], "its pages are nobody's");
}

#[test]
fn a_rendering_without_pages_is_refused() {
    let store = bench();
    let queued = store.accepted("a@example.com", 1, &["+390212345"]);
    assert!(matches!(store.rendered(queued.message(), &[None], ("pages/1", 0), NOW), Err(QueueError::Refused(_))));
    assert_eq!(store.messages_to_render(10).expect("listed").len(), 1);
}

#[test]
fn bells_ring_after_the_commit_and_only_for_what_was_kept() {
    let store = bench();
    let count = |bell| {
        let rung = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&rung);
        store.subscribe(bell, move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        rung
    };
    let (render, dial) = (count(Bell::Render), count(Bell::Dial));
    let queued = store.accepted("a@example.com", 1, &["+390212345"]);
    let _ = store.open_attempt(queued.jobs()[0], "main", NOW).expect_err("not rendered");
    let _ = store.rendered(queued.message(), &[None], ("pages/1", 1), NOW).expect("rendered");
    // Bells ring after the answer, so a further operation is waited for.
    store.hold(queued.jobs()[0], "").expect("held");
    assert_eq!((render.load(Ordering::SeqCst), dial.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn one_server_at_a_time_but_an_administrator_beside_it() {
    let bench = bench();
    let path = bench.directory.path().join("queue.db");
    assert!(matches!(Store::open(&path), Err(QueueError::Local(LocalFault::InUse { .. }))));
    let job = bench.ready("a@example.com", 1, "+390212345");
    let beside = Store::open_beside(&path).expect("opened");
    beside.hold(job, "by hand").expect("held");
    assert_eq!(bench.show(job).expect("found").job.state, JobState::Held);
}

#[test]
fn the_queue_is_as_it_was_when_it_is_opened_again() {
    let bench = bench();
    let job = bench.ready("a@example.com", 1, "+390212345");
    let path = bench.directory.path().join("queue.db");
    let before = bench.show(job).expect("found");
    drop(bench.store);
    assert_eq!(Store::open(&path).expect("opened").show(job).expect("found"), before);
}

#[test]
fn a_newer_file_is_refused_with_both_versions_and_not_touched() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("queue.db");
    drop(Store::open(&path).expect("made"));
    rusqlite::Connection::open(&path)
        .and_then(|connection| connection.pragma_update(None, "user_version", 99))
        .expect("a file of the future");
    let before = std::fs::read(&path).expect("read");
    let Err(QueueError::Local(LocalFault::Newer { found: 99, known: 8, .. })) = Store::open(&path) else {
        panic!("a file of the future must be refused");
    };
    assert_eq!(std::fs::read(&path).expect("read"), before);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("queue.db");
    std::fs::write(&path, b"this is a text file, much longer than the header of a database is".repeat(10)).expect("w");
    assert!(matches!(Store::open(&path), Err(QueueError::Local(LocalFault::Damaged(_)))));
}

#[test]
fn many_threads_accept_at_once_and_each_message_is_there_once() {
    const THREADS: u8 = 16;
    const EACH: u8 = 12;
    let store = bench();
    #[expect(clippy::disallowed_methods, reason = "the rate is printed for people, nothing depends on it")]
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for index in 0..EACH {
                    let message = message_from(&format!("{thread}@example.com"), index);
                    let queued = store.accept(message, vec![job_to("+390212345")]).expect("accepted");
                    assert!(!queued.is_duplicate());
                }
            });
        }
    });
    let total = u64::from(THREADS) * u64::from(EACH);
    println!("{total} messages from {THREADS} threads in {:?}", begun.elapsed());
    assert_eq!(store.counters().expect("counted").jobs_in(JobState::Accepted), total);
}

#[test]
fn a_row_that_does_not_exist_is_named_in_the_error() {
    let store = bench();
    assert_eq!(store.show(JobId(5)).map(|_| ()), Err(Refusal::NoJob(JobId(5)).into()));
    assert_eq!(store.hold(JobId(5), ""), Err(Refusal::NoJob(JobId(5)).into()));
    let message = crate::model::MessageId(5);
    assert_eq!(store.rendered(message, &[None], ("p", 1), NOW).map(|_| ()), Err(Refusal::NoMessage(message).into()));
}

#[test]
fn nobody_else_may_read_who_faxed_whom() {
    let bench = bench();
    bench.ready("a@example.com", 1, "+390212345");
    for name in ["queue.db", "queue.db-wal", "queue.db.lock"] {
        let found = std::fs::metadata(bench.directory.path().join(name)).expect("a file");
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_directory_that_is_missing_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let error = Store::open(&directory.path().join("missing/queue.db")).expect_err("refused");
    assert!(error.to_string().contains("missing/queue.db"), "{error}");
}
