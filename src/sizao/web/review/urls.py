"""Addresses of reviews, files of cases, and the board at a past moment."""

from __future__ import annotations

from django.urls import path

from sizao.web.review import board, pages

urlpatterns = [
    path("cases/<int:case_id>/review/", pages.show, name="review"),
    path("cases/<int:case_id>/review/add/", pages.add, name="review-add"),
    path("cases/<int:case_id>/review/<int:finding_id>/done/", pages.done, name="review-done"),
    path("cases/<int:case_id>/review.<str:suffix>", pages.file, name="review-file"),
    path("cases/<int:case_id>/files/", pages.attach, name="case-attach"),
    path("cases/<int:case_id>/files/<int:file_id>/", pages.attached, name="case-file"),
    path("board/", board.show, name="board"),
]
