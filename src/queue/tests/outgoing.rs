//! Reports, mails, received faxes, and forgetting.

use super::{Bench, DAY, HOUR, NOW, bench, mail_to, outcome};
use crate::model::{Cause, JobEvent, JobId, JobState, MailId};
use crate::policy::Next;
use crate::queue::{JobFilter, MailKind, MailState, NewReceived, ReceptionEnd, Refusal};
use std::collections::BTreeSet;

/// A job that was sent.
fn done(store: &Bench, content: u8, to: &str) -> JobId {
    let (job, attempt) = store.dialling(content, to);
    store.close_attempt(attempt, &outcome(3, Cause::Sent), Next::Done, None, NOW).expect("closed");
    job
}

#[test]
fn every_ended_job_is_reported_exactly_once() {
    let store = bench();
    let job = done(&store, 1, "+390212345");
    assert_eq!(store.jobs_to_report(10).expect("listed")[0].job.id, job);
    let mails = store.report_queued(job, vec![mail_to("a@example.com", "mail/1")], NOW).expect("queued");
    assert_eq!(mails.len(), 1);
    assert_eq!(store.jobs_to_report(10).expect("listed"), []);
    let again = store.report_queued(job, vec![mail_to("a@example.com", "mail/2")], NOW);
    let refused = Refusal::IllegalStep { job, state: JobState::Reported, event: JobEvent::Report };
    assert_eq!(again, Err(refused.into()));
    assert_eq!(store.counters().expect("counted").mails_queued, 1, "the refused report left no mail");
}

#[test]
fn a_sender_who_wants_no_report_gets_none_and_the_job_is_over() {
    let store = bench();
    let job = done(&store, 1, "+390212345");
    assert_eq!(store.report_queued(job, Vec::new(), NOW), Ok(Vec::new()));
    assert_eq!(store.show(job).expect("found").job.state, JobState::Reported);
    assert_eq!(store.due_mails(NOW, 10).expect("listed"), []);
}

#[test]
fn a_sender_is_told_once_that_it_takes_long() {
    let store = bench();
    let job = store.ready("a@example.com", 1, "+390212345");
    assert_eq!(store.delayed_jobs(NOW, 10).expect("listed").len(), 0);
    assert_eq!(store.delayed_jobs(NOW + 1, 10).expect("listed")[0].job.id, job);
    let mail = mail_to("a@example.com", "mail/1");
    assert!(store.delay_queued(job, Some(mail.clone()), NOW + 1).expect("queued").is_some());
    assert_eq!(store.delay_queued(job, Some(mail), NOW + 1), Ok(None));
    assert_eq!(store.delayed_jobs(NOW + 1, 10).expect("listed").len(), 0);
    assert_eq!(store.due_mails(NOW, 10).expect("listed")[0].kind, MailKind::Delay);
}

#[test]
fn a_mail_is_tried_until_it_is_taken_and_then_left_alone() {
    let store = bench();
    let job = done(&store, 1, "+390212345");
    let mail = store.report_queued(job, vec![mail_to("a@example.com", "mail/1")], NOW).expect("queued")[0];
    store.mail_later(mail, "451 4.7.1 greylisted", NOW + HOUR).expect("later");
    assert_eq!(store.due_mails(NOW, 10).expect("listed"), []);
    assert_eq!(store.next_mail_ms(NOW), Ok(Some(NOW + HOUR)));
    let due = store.due_mails(NOW + HOUR, 10).expect("listed").remove(0);
    assert_eq!((due.tries, due.last_reply.as_deref(), due.job), (1, Some("451 4.7.1 greylisted"), Some(job)));
    store.mail_sent(mail, "250 2.0.0 queued", NOW + HOUR).expect("sent");
    assert_eq!(store.mail_sent(mail, "", NOW), Err(Refusal::MailEnded(mail).into()));
    assert_eq!(store.mail_later(mail, "", NOW), Err(Refusal::MailEnded(mail).into()));
    assert_eq!(store.mail_again(mail, NOW, NOW), Err(Refusal::MailEnded(mail).into()), "a sent mail is not sent twice");
    assert_eq!(store.mail_failed(MailId(9), "", NOW), Err(Refusal::NoMail(MailId(9)).into()));
}

#[test]
fn a_failed_mail_can_be_sent_again_by_hand() {
    let store = bench();
    let job = done(&store, 1, "+390212345");
    let mail = store.report_queued(job, vec![mail_to("a@example.com", "mail/1")], NOW).expect("queued")[0];
    store.mail_failed(mail, "550 5.1.1 no such user", NOW).expect("failed");
    assert_eq!(store.mails(MailState::Failed, 10).expect("listed")[0].ended_ms, Some(NOW));
    store.mail_again(mail, NOW + 1, NOW + DAY).expect("again");
    let row = store.due_mails(NOW + 1, 10).expect("listed").remove(0);
    assert_eq!((row.state, row.tries, row.ended_ms), (MailState::Queued, 0, None));
}

fn call() -> NewReceived {
    NewReceived {
        called: "+390212345".into(),
        caller: Some("+49891234567".into()),
        caller_name: Some("Anna".into()),
        caller_withheld: false,
        trunk: Some("main".into()),
        job: None,
        mailboxes: vec!["a@example.com".into(), "b@example.com".into()],
        spool_file: "received/1".into(),
        opened_ms: NOW,
    }
}

fn ended(cause: Cause, mails: Vec<crate::queue::NewMail>) -> ReceptionEnd {
    ReceptionEnd { cause, mailboxes: call().mailboxes, spool_file: None, record: None, mails }
}

#[test]
fn a_received_fax_and_its_mails_are_one_transaction() {
    let store = bench();
    let fax = store.open_reception(call()).expect("opened");
    store.reception_page(fax, 1, Some("+49 89 1234567".into()), Some("4711".into())).expect("noted");
    let mails = vec![mail_to("a@example.com", "mail/1"), mail_to("b@example.com", "mail/1")];
    let ids = store.close_reception(fax, ended(Cause::Sent, mails.clone()), NOW + 9).expect("closed");
    assert_eq!(ids.len(), 2);
    let row = store.received(fax).expect("found");
    assert_eq!((row.pages, row.closed_ms, row.remote_id.as_deref()), (1, Some(NOW + 9), Some("+49 89 1234567")));
    assert_eq!((&row.mailboxes, row.sub_address.as_deref()), (&call().mailboxes, Some("4711")));
    let again = store.close_reception(fax, ended(Cause::Sent, mails), NOW);
    assert_eq!(again, Err(Refusal::ReceptionClosed(fax).into()));
    assert_eq!(store.due_mails(NOW, 10).expect("listed").len(), 2);
    assert_eq!(store.list_received(None, 10).expect("listed"), [row]);
}

#[test]
fn a_reception_cut_off_by_a_crash_is_handed_out_until_it_is_closed() {
    let store = bench();
    let fax = store.open_reception(call()).expect("opened");
    store.reception_page(fax, 2, None, None).expect("noted");
    for _ in 0..2 {
        let recovered = store.recover(&crate::policy::RetrySettings::default(), NOW).expect("recovered");
        assert_eq!(recovered.receptions.iter().map(|row| (row.id, row.pages)).collect::<Vec<_>>(), [(fax, 2)]);
    }
    let end = ReceptionEnd { spool_file: Some("received/2".into()), ..ended(Cause::Interrupted, Vec::new()) };
    store.close_reception(fax, end, NOW).expect("closed");
    assert_eq!(store.received(fax).expect("found").spool_file, "received/2");
    let recovered = store.recover(&crate::policy::RetrySettings::default(), NOW).expect("recovered");
    assert_eq!(recovered.receptions, []);
}

#[test]
fn a_mailbox_with_a_line_break_cannot_become_two() {
    let store = bench();
    let call = NewReceived { mailboxes: vec!["a@example.com\nb@example.com".into()], ..call() };
    assert_eq!(store.open_reception(call), Err(Refusal::OutOfRange("the list of mailboxes").into()));
}

#[test]
fn only_what_is_over_and_reported_is_forgotten_and_its_files_named() {
    let store = bench();
    let over = done(&store, 1, "+390212345");
    let mail = store.report_queued(over, vec![mail_to("a@example.com", "mail/1")], NOW).expect("queued")[0];
    let unreported = done(&store, 2, "+390212346");
    let later = NOW + DAY;
    assert_eq!(store.purge(later).expect("purged").messages, 0, "its receipt is still waiting");
    store.mail_sent(mail, "250", NOW).expect("sent");
    assert_eq!(store.purge(NOW).expect("purged").messages, 0, "it is not old enough");
    let purged = store.purge(later).expect("purged");
    assert_eq!((purged.messages, purged.files), (1, ["mail/1", "messages/1", "pages/1"].map(String::from).to_vec()));
    assert_eq!(store.show(over).map(|_| ()), Err(Refusal::NoJob(over).into()));
    assert!(store.show(unreported).is_ok());
    let named = ["messages/2", "pages/2"].map(String::from);
    assert_eq!(store.spool_files().expect("listed"), BTreeSet::from(named));
}

#[test]
fn a_file_that_another_row_still_names_is_not_given_up_for_removal() {
    let store = bench();
    let fax = store.open_reception(NewReceived { spool_file: "received/1".into(), ..call() }).expect("opened");
    store.close_reception(fax, ended(Cause::Sent, Vec::new()), NOW).expect("closed");
    store.open_reception(NewReceived { spool_file: "received/1".into(), opened_ms: NOW, ..call() }).expect("opened");
    let purged = store.purge(NOW + DAY).expect("purged");
    assert_eq!((purged.received, purged.files), (1, Vec::new()));
}

#[test]
fn a_listing_filters_by_each_field_and_turns_its_pages() {
    let store = bench();
    let first = store.ready("a@example.com", 1, "+390212345");
    let second = store.ready("b@example.com", 2, "+390212346");
    let third = store.ready("b@example.com", 3, "+390212345");
    store.hold(third, "").expect("held");
    let list = |filter: JobFilter| -> Vec<JobId> {
        store.list(&filter).expect("listed").into_iter().map(|job| job.id).collect()
    };
    let all = JobFilter::default();
    assert_eq!(list(all.clone()), [third, second, first]);
    assert_eq!(list(JobFilter { states: vec![JobState::Ready], ..all.clone() }), [second, first]);
    assert_eq!(list(JobFilter { states: vec![JobState::Held, JobState::Done], ..all.clone() }), [third]);
    assert_eq!(list(JobFilter { number: Some(super::number("+390212345")), ..all.clone() }), [third, first]);
    assert_eq!(list(JobFilter { sender: Some("b@example.com".into()), ..all.clone() }), [third, second]);
    assert_eq!(list(JobFilter { limit: 1, before: Some(third), ..all.clone() }), [second]);
    assert_eq!(list(JobFilter { message_id: Some("x".into()), ..all.clone() }), []);
    let message = store.show(second).expect("found").message.id;
    assert_eq!(list(JobFilter { message: Some(message), ..all }), [second]);
}
