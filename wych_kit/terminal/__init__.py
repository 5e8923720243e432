"""The `wych-kit` command.

cli              runs a command line, returns its exit status
parser           reads a command line, imports the chosen command
commands/        one module for each command, and the table of them
context          what commands share: settings, the mock, errors, JSON
exit_status      the exit statuses and what they mean
screen           draws results, in colour or plain
walkthrough      the steps of `wych-kit start`
exercise_prompt  the prompt of `wych-kit drill`
jupyter_server   the server of `wych-kit lab`; notebook_files copies its notebooks
"""
