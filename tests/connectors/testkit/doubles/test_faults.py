"""Faults a test may order from any double."""

import json

from werkzeug.test import Client

from connectors.testkit.doubles.faults import FAULTS_PATH, FaultBook
from connectors.testkit.doubles.serving import wsgi


def order(book: FaultBook, **fault: object) -> None:
    assert Client(wsgi(book.control)).post(FAULTS_PATH, data=json.dumps(fault)).status_code == 200


def test_a_fault_is_used_up_after_the_ordered_number_of_times() -> None:
    book = FaultBook()
    order(book, service="wafv2", operation="UpdateIPSet", status=429, times=2)
    answers = [book.take("wafv2", "UpdateIPSet") is not None for _ in range(3)]
    assert answers == [True, True, False]


def test_a_fault_leaves_other_operations_alone() -> None:
    book = FaultBook()
    order(book, service="wafv2", operation="Update*", status=500)
    assert book.take("wafv2", "GetIPSet") is None
    assert book.take("logs", "UpdateIPSet") is None


def test_a_text_body_is_sent_as_it_is() -> None:
    book = FaultBook()
    order(book, status=200, body="<html>not json")
    fault = book.take("any", "thing")
    assert fault is not None
    assert fault.response().get_data() == b"<html>not json"


def test_forgetting_removes_every_fault() -> None:
    book = FaultBook()
    order(book, times=5)
    Client(wsgi(book.control)).delete(FAULTS_PATH)
    assert book.take("any", "thing") is None


def test_something_that_is_no_fault_is_refused() -> None:
    assert Client(wsgi(FaultBook().control)).post(FAULTS_PATH, data='{"colour": "red"}').status_code == 400
