"""fetch_egg.py PROJECT FILE TARGET: brings one file of a Python project with pip's own index, session and settings.

Run it with a Python that has pip. pip itself would not do: it no longer takes eggs, the one form in which this is published.
"""

import sys
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

from pip._internal.commands import create_command
from pip._vendor.requests import RequestException


class Links(HTMLParser):
    """The addresses that an index page names, by file name."""

    def __init__(self, page):
        super().__init__()
        self.page = page
        self.found = {}

    def handle_starttag(self, tag, attributes):
        address = dict(attributes).get("href") if tag == "a" else None
        if address:
            address = urldefrag(urljoin(self.page, address)).url
            self.found[address.rpartition("/")[2]] = address


def main(name, file, target):
    command = create_command("download")
    options, _ = command.parse_args([name])
    with command.main_context():
        session = command.get_default_session(options)
        page = session.get(f"{options.index_url.rstrip('/')}/{name}/", headers={"Accept": "text/html"}, timeout=60)
        page.raise_for_status()
        links = Links(page.url)
        links.feed(page.text)
        if file not in links.found:
            raise FileNotFoundError(f"the index has no {file}")
        answer = session.get(links.found[file], timeout=300)
        answer.raise_for_status()
        with open(target, "wb") as out:
            out.write(answer.content)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, RequestException) as error:
        sys.exit(f"fetch_egg: {error}")
