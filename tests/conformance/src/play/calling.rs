//! The call of a script: who calls whom, with what, and SIP while it is up.

use std::net::UdpSocket;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::{Player, TICK, after, milliseconds};
use crate::sip::{self, Dialog, Message};

/// How long SIP may take.
const SIP_PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take until faxes that were handed in are drawn.
const DRAWING_PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks at the queue.
const GATHERING: Duration = Duration::from_millis(200);

impl Player {
    /// The server calls us.
    pub(super) fn be_called(&mut self, place: usize, device: &[&str]) -> Result<(), String> {
        if device[0] == "calls" && device[1].contains('+') {
            return self.be_called_for_several(place, device[1]);
        }
        let messages = self.lab.hub.expect(&self.number);
        let sender = "tester@company.test";
        if device[0] == "polls" {
            let mut command = vec!["poll", &self.number, "--from", sender, "--no-wait"];
            if let Some(password) = after(device, "password") {
                command.extend(["--password", password]);
            }
            self.lab.run(&command)?;
        } else {
            self.hand_in(&place.to_string(), device[1], after(device, "frames").is_some())?;
        }
        let invite = messages.recv_timeout(SIP_PATIENCE).map_err(|_| "the server does not call")?;
        self.answer(&invite, messages)
    }

    /// A fax to this number for the server to send.
    fn hand_in(&mut self, name: &str, letters: &str, is_long: bool) -> Result<(), String> {
        let file = self.lab.document(name, letters, is_long)?;
        self.lab.run(&["send", &file, &self.number, "--from", "tester@company.test", "--no-wait"])?;
        self.documents.push(letters.len() as u64);
        Ok(())
    }

    /// The server calls us with several faxes. They gather while a call to this number is up, which comes to nothing: there is no such
    /// number then.
    fn be_called_for_several(&mut self, place: usize, letters: &str) -> Result<(), String> {
        let ringing = self.lab.hub.expect(&self.number);
        self.hand_in(&format!("{place}-before"), "s", false)?;
        let first = ringing.recv_timeout(SIP_PATIENCE).map_err(|_| "the server does not call")?;
        self.lab.hub.reply(&first, "180 Ringing", "");
        self.documents.clear();
        for (count, letters) in letters.split('+').enumerate() {
            self.hand_in(&format!("{place}-{count}"), letters, false)?;
        }
        let end = Instant::now() + DRAWING_PATIENCE;
        while self.lab.faxes(&self.number)?.iter().filter(|fax| fax.state == "ready").count() < self.documents.len() {
            if Instant::now() > end {
                return Err("the faxes that are to go together are not drawn".into());
            }
            std::thread::sleep(GATHERING);
        }
        let messages = self.lab.hub.expect(&self.number);
        self.lab.hub.reply(&first, "404 Not Found", "");
        let invite = messages.recv_timeout(SIP_PATIENCE).map_err(|_| "the server does not call again")?;
        self.answer(&invite, messages)
    }

    /// Takes a call of the server's, and asks for T.38.
    fn answer(&mut self, invite: &Message, messages: Receiver<Message>) -> Result<(), String> {
        self.dialog = Some(Dialog::called(&self.lab.hub, invite, messages));
        let (address, port) = (self.lab.tester.clone(), self.wire.port());
        // Nobody listens to the audio, but it has a port, so that it is not taken for T.38.
        let audio = UdpSocket::bind((address.as_str(), 0)).and_then(|socket| socket.local_addr());
        let audio = audio.map_err(|error| error.to_string())?;
        self.lab.hub.reply(invite, "200 OK", &sip::audio(&address, audio.port()));
        self.pass_time(milliseconds(300));
        self.invite(&sip::image(&address, port))?;
        Ok(())
    }

    /// We call the server.
    pub(super) fn call(&mut self, place: usize, device: &[&str]) -> Result<(), String> {
        if let Some(letters) = after(device, "has") {
            let file = self.lab.document(&place.to_string(), letters, false)?;
            let mut command = vec!["offer", "add", &file, "--numbers", &self.number];
            if let Some(password) = after(device, "password") {
                command.extend(["--password", password]);
            }
            self.lab.run(&command)?;
        }
        self.dialog = Some(Dialog::calling(&self.lab.hub, &self.number, place));
        let description = sip::image(&self.lab.tester, self.wire.port());
        self.invite(&description)
    }

    fn invite(&mut self, description: &str) -> Result<(), String> {
        self.dialog.as_mut().ok_or("no call")?.request("INVITE", description);
        let end = Instant::now() + SIP_PATIENCE;
        while Instant::now() < end {
            self.pass_time(TICK);
            let is_final = |message: &Message| message.status().is_some_and(|status| status >= 200);
            let Some(place) = self.messages.iter().position(is_final) else { continue };
            let answer = self.messages.remove(place);
            if answer.status() != Some(200) {
                return Err(format!("the call to {} is refused: {:?}", self.number, answer.status()));
            }
            self.dialog.as_mut().ok_or("no call")?.established(&answer);
            self.wire.far = sip::image_address(&answer.body);
            self.wire.fall_silent();
            return Ok(());
        }
        Err("no answer to an INVITE".into())
    }

    pub(super) fn pass_time(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.wire.pass(until.min(Instant::now() + TICK));
            self.hear_sip();
        }
    }

    pub(super) fn hear_sip(&mut self) {
        let Some(dialog) = &self.dialog else { return };
        while let Some(message) = dialog.next() {
            if message.is("BYE") {
                self.device_left = true;
                dialog.reply(&message, "200 OK", "");
            } else if message.is("INVITE") {
                if let Some(far) = sip::image_address(&message.body) {
                    self.wire.far = Some(far);
                }
                dialog.reply(&message, "200 OK", &sip::image(&self.lab.tester, self.wire.port()));
            } else {
                self.messages.push(message);
            }
        }
    }

    pub(super) fn leave(&mut self) {
        if !self.device_left
            && !self.tester_left
            && let Some(dialog) = &mut self.dialog
        {
            self.tester_left = true;
            dialog.request("BYE", "");
        }
    }
}
