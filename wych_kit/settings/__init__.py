"""The settings: the shell over `.env` over defaults, each value with its origin.

loading            Settings, load_settings, save_settings
environments       the addresses of mock, sandbox and production
validation         what is wrong with a value, alone or beside others, in the words of
url_validation, endpoint_paths and copy_mistakes
env_file           reads a `.env` file
env_file_writer    saves values to it, unless git would commit it (git_check)
private_files      writes any file that only its owner can read
locations          where all files are
"""
