# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_faxramp_global_optspecs
    string join \n config= log-level= h/help V/version
end

function __fish_faxramp_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_faxramp_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_faxramp_using_subcommand
    set -l cmd (__fish_faxramp_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c faxramp -n "__fish_faxramp_needs_command" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_needs_command" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_needs_command" -s V -l version -d 'Print version'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "serve" -d 'Run the server'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "send" -d 'Fax a file and watch it go'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "poll" -d 'Fetch a document from a fax machine that has one ready (polling), and watch it come'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "offer" -d 'Documents that others may fetch from us by calling (polling)'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "queue" -d 'Look at the queue of faxes and change it'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "trunk" -d 'How the trunks stand, what went over them, and what is wrong with one'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "received" -d 'List received faxes and fetched documents, newest first'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "call" -d 'Show what happened in a call, packet by packet, and why it failed'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "render" -d 'Draw a file to fax pages as they would be sent'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "config" -d 'Check the configuration, or print its reference'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "demo" -d 'Send a sample mail as a fax to ourselves and show what happens'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c faxramp -n "__fish_faxramp_needs_command" -f -a "man" -d 'Print a manual page in roff, or write all of them to a directory'
complete -c faxramp -n "__fish_faxramp_using_subcommand serve" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand serve" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand send" -l from -d 'Sender of the mail, who gets the receipt; user@host when left out' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand send" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand send" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand send" -l no-wait -d 'Do not watch: exit with 0 as soon as the server has taken the fax'
complete -c faxramp -n "__fish_faxramp_using_subcommand send" -l json -d 'Tell the course as one JSON object a line'
complete -c faxramp -n "__fish_faxramp_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l selective -d 'Selective address (SEP) of the document, where the machine has several' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l password -d 'Password (PWD) of the document' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l to -d 'Who gets the document; the sender when left out' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l from -d 'Sender of the mail, who is told of a failure; user@host when left out' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l no-wait -d 'Do not watch: exit with 0 as soon as the server has taken the request'
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -l json -d 'Tell the course as one JSON object a line'
complete -c faxramp -n "__fish_faxramp_using_subcommand poll" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and not __fish_seen_subcommand_from add list remove" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and not __fish_seen_subcommand_from add list remove" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and not __fish_seen_subcommand_from add list remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and not __fish_seen_subcommand_from add list remove" -f -a "add" -d 'Draw a file and let callers fetch it'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and not __fish_seen_subcommand_from add list remove" -f -a "list" -d 'List what is offered, newest first'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and not __fish_seen_subcommand_from add list remove" -f -a "remove" -d 'Take a document away; a call that is fetching it gets it to the end'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l numbers -d 'The called numbers it is for: a number, `?` for any digit, `*` at its end for anything; may be given several times; all when left out' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l selective -d 'Selective address (SEP): only callers who ask for it get the document' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l password -d 'Password (PWD) without which nobody gets it' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l name -d 'What to call it in lists and logs; the name of the file when left out' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l until -d 'When it ends: 2026-12-31, 2026-12-31T18:00, or a span such as 90m, 8h or 14d' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l once -d 'Take it away once somebody has fetched all of it'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from list" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from list" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from list" -l all -d 'Also what has ended and is not forgotten yet'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from list" -l json -d 'Print a JSON array, with everybody who fetched'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from remove" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from remove" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand offer; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -f -a "list" -d 'List faxes, newest first'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -f -a "show" -d 'Show all that is known of a fax: its mail, its calls, its outcome'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -f -a "hold" -d 'Keep a fax from being dialled until it is released'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -f -a "release" -d 'Let a held fax go on'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -f -a "cancel" -d 'Withdraw a fax; a call that is on the line is ended'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and not __fish_seen_subcommand_from list show hold release cancel retry" -f -a "retry" -d 'Dial a waiting fax now, or send an ended one once more'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -l state -d 'Only faxes in this state; may be given several times' -r -f -a "accepted\t'Taken from the mail, not yet drawn'
ready\t'Drawn, waiting to be dialled'
dialling\t'On the line'
held\t'Held by an administrator'
done\t'All pages confirmed, or only the last confirmation lost'
failed\t'Given up'
cancelled\t'Withdrawn'
reported\t'Ended, and the receipt is queued'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -l number -d 'Only faxes to this number' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -l sender -d 'Only faxes of this envelope sender' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -l limit -d 'At most so many' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -l json -d 'Print a JSON array'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from show" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from show" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from hold" -l reason -d 'Why, for those who look at the queue' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from hold" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from hold" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from hold" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from hold" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from release" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from release" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from release" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from release" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from cancel" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from cancel" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from cancel" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from retry" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from retry" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from retry" -l whole -d 'Send all pages again, also those that were confirmed'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from retry" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand queue; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and not __fish_seen_subcommand_from list show memory test" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and not __fish_seen_subcommand_from list show memory test" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and not __fish_seen_subcommand_from list show memory test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and not __fish_seen_subcommand_from list show memory test" -f -a "list" -d 'List the trunks of the configuration: how each stands, calls on it, calls of today'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and not __fish_seen_subcommand_from list show memory test" -f -a "show" -d 'Show all that is known of a trunk: registration, health, channels, calls of today by outcome, the last calls it could not place'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and not __fish_seen_subcommand_from list show memory test" -f -a "memory" -d 'Show or forget what calls taught of numbers: trouble with T.38 or V.17, and that a machine takes one fax a call'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and not __fish_seen_subcommand_from list show memory test" -f -a "test" -d 'Ask a trunk whether it works, and tell what is wrong'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from list" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from list" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from list" -l json -d 'Print a JSON array'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from show" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from show" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from memory" -l forget -d 'Forget this number, so that the next call to it begins as the keys say' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from memory" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from memory" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from memory" -l forget-all -d 'Forget all numbers of the trunk'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from memory" -l json -d 'Print a JSON array'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from memory" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from test" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from test" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from test" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand trunk; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand received" -l limit -d 'At most so many' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand received" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand received" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand received" -l json -d 'Print a JSON array'
complete -c faxramp -n "__fish_faxramp_using_subcommand received" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and not __fish_seen_subcommand_from list show read" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and not __fish_seen_subcommand_from list show read" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and not __fish_seen_subcommand_from list show read" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and not __fish_seen_subcommand_from list show read" -f -a "list" -d 'List calls both ways, newest first'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and not __fish_seen_subcommand_from list show read" -f -a "show" -d 'Tell how a call went: its outcome, what to do about it, and the ladder of SIP and T.30'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and not __fish_seen_subcommand_from list show read" -f -a "read" -d 'Draw the ladders of all calls in a capture made elsewhere (pcap or pcapng, by tcpdump or Wireshark)'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from list" -l limit -d 'At most so many' -r
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from list" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from list" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from list" -l failed -d 'Only calls that did not end well'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from list" -l json -d 'Print a JSON array'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from show" -l capture -d 'Also write the capture to this file, for Wireshark' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from show" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from show" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from read" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from read" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from read" -l json -d 'Print a JSON array'
complete -c faxramp -n "__fish_faxramp_using_subcommand call; and __fish_seen_subcommand_from read" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand render" -s o -l output -d 'Write the pages to this fax TIFF' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand render" -l png -d 'Write each page as a PNG picture into this directory' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand render" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand render" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand render" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and not __fish_seen_subcommand_from check reference" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and not __fish_seen_subcommand_from check reference" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and not __fish_seen_subcommand_from check reference" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and not __fish_seen_subcommand_from check reference" -f -a "check" -d 'Tell every fault of the configuration at once'
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and not __fish_seen_subcommand_from check reference" -f -a "reference" -d 'Print every key with its meaning and default'
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from check" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print JSON'
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from reference" -l format -d 'The form' -r -f -a "man\t'The manual page faxramp.toml(5)'
sample\t'A commented file to begin with'
markdown\t'Tables in Markdown'"
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from reference" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from reference" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand config; and __fish_seen_subcommand_from reference" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand demo" -l directory -d 'Keep everything in this directory, which must be empty or not there; a new one under build/demo or the directory for temporary files when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand demo" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand demo" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand demo" -l stay -d 'Leave the server up afterwards, for mails of your own'
complete -c faxramp -n "__fish_faxramp_using_subcommand demo" -l json -d 'Tell the course as one JSON object a line'
complete -c faxramp -n "__fish_faxramp_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand completions" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand completions" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c faxramp -n "__fish_faxramp_using_subcommand man" -l directory -d 'Write all pages to this directory' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand man" -l config -d 'Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out' -r -F
complete -c faxramp -n "__fish_faxramp_using_subcommand man" -l log-level -d 'Least important log line that is written to standard error' -r -f -a "error\t'Faults of the server'
warn\t'What a person should look at'
info\t'Outcomes'
debug\t'States'
trace\t'Packets'"
complete -c faxramp -n "__fish_faxramp_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
