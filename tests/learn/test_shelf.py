import os

import pytest

from microgd import learn
from microgd.learn import shelf

HEAD = '"""A slope\n\nWhat it\nis.\n\nTime: {} minutes.\n"""\n'


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A shelf of two lessons, and a file that is none."""
    for name, minutes in (("02_b.py", 20), ("01_a.py", 10)):
        (tmp_path / name).write_text(HEAD.format(minutes), encoding="utf-8")
    (tmp_path / "notes.py").touch()
    monkeypatch.setattr(shelf, "folder", lambda: tmp_path)
    return tmp_path


def test_a_lesson_says_its_title_its_subject_and_its_time(own):
    assert learn.lessons() == [
        learn.Lesson(1, "A slope", "What it is.", 10, own / "01_a.py"),
        learn.Lesson(2, "A slope", "What it is.", 20, own / "02_b.py"),
    ]


def test_a_lesson_that_is_not_there_is_refused_with_those_that_are(own):
    assert learn.find(2).minutes == 20
    with pytest.raises(ValueError, match="there is no lesson 3; they go from 1 to 2"):
        learn.find(3)


@pytest.mark.parametrize("text", ["", '"""A slope."""', HEAD.format("ten")])
def test_a_file_without_a_head_is_named(own, text):
    (own / "03_c.py").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"learn: 03_c\.py does not begin with title"):
        learn.lessons()


def test_where_no_lessons_are_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf.microgd, "__file__", str(tmp_path / "microgd" / "__init__.py"))
    with pytest.raises(FileNotFoundError, match="install microgd again"):
        learn.lessons()


def test_lessons_beside_the_package_are_found_first(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf.microgd, "__file__", str(tmp_path / "microgd" / "__init__.py"))
    (tmp_path / "tutorials").mkdir()
    assert shelf.folder() == tmp_path / "tutorials"
    (tmp_path / "microgd" / "tutorials").mkdir(parents=True)
    assert shelf.folder() == tmp_path / "microgd" / "tutorials"


def test_all_are_copied_or_those_that_are_asked_for(own, tmp_path):
    assert [path.name for path in learn.copy(tmp_path / "x")] == ["01_a.py", "02_b.py"]
    assert learn.copy(str(tmp_path / "y"), [learn.find(2)]) == [tmp_path / "y" / "02_b.py"]
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["01_a.py", "02_b.py"]


def test_if_one_is_there_none_is_copied(own, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "02_b.py").write_text("mine")
    with pytest.raises(FileExistsError, match="is there already; give another folder"):
        learn.copy(tmp_path / "x")
    assert [path.read_text() for path in (tmp_path / "x").iterdir()] == ["mine"]


def test_a_file_in_the_place_of_the_folder_is_refused(own, tmp_path):
    (tmp_path / "x").write_text("mine")
    with pytest.raises(OSError, match="x cannot be written into: file exists; give another"):
        learn.copy(tmp_path / "x")
    assert (tmp_path / "x").read_text() == "mine"


def test_if_the_disk_is_full_half_of_a_copy_is_taken_back(own, tmp_path, monkeypatch):
    done = []

    def copyfile(source, path):
        path.write_text("half")
        done.append(path)
        if len(done) == 2:
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(shelf.shutil, "copyfile", copyfile)
    with pytest.raises(OSError, match="no space left on device; give another"):
        learn.copy(tmp_path / "x")
    assert list((tmp_path / "x").iterdir()) == []
