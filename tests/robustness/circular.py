"""Files in which things need themselves, or have more than one meaning."""

from __future__ import annotations

from tests.robustness.kinds import DEPTH, FOUND, MODELS, READ, USE, Kind, one

WHOLE = USE + READ
BASES = """
class A(A): pass
class B(C): pass
class C(B): pass
class D(Base, D):
    __tablename__ = 'd'
    id: Mapped[int] = mapped_column(primary_key=True)
class E(F): pass
class F(E, Base): pass
async def f(session: AsyncSession, a: A, b: B, d: D, e: E):
    await session.commit()
    a.x, b.x, d.x, e.x
"""
TYPES = """
X = list['X']
Y = Y
class R(Base):
    __tablename__ = 'r'
    id: Mapped[X] = mapped_column(primary_key=True)
    y: Mapped[Y]
    r: Mapped['R'] = relationship('R', lambda: R, secondary=lambda: R.r)
async def f(session: AsyncSession, r: R, x: X):
    await session.commit()
    return x
"""
VALUES = """
x = y
y = x
Z = [Z]
def f(a=f): return a
"""
MUTUAL = "".join(
    f"async def f{number}(s: AsyncSession, u: User):\n" + "".join(f"    await f{other}(s, u)\n" for other in range(12))
    for number in range(12)
)
GENERATORS = """
def g(n):
    yield from g(n)
    yield n
async def h(s: AsyncSession):
    async for x in h(s):
        yield x
"""
MANAGERS = """
from contextlib import asynccontextmanager
@asynccontextmanager
async def c(s: AsyncSession):
    async with c(s) as x: yield x
"""
DEPENDENCIES = """
from fastapi import FastAPI, Depends
app = FastAPI()
def a(x=Depends(lambda: b)): pass
def b(x=Depends(a)): yield
def c(y=Depends(d)): pass
def d(z=Depends(c)): pass
class E:
    def __init__(self, e=Depends(E)): pass
@app.get('/')
async def end(session: AsyncSession, user: User, x=Depends(b), y=Depends(c), z=Depends(E), w=Depends(), v=Depends(1)):
"""
PROPERTIES = """\
    @property
    def p(self): return self.q
    @property
    def q(self): return self.p
    def __eq__(self, other): return self == other
    def __repr__(self): return f'{self}'
    def __bool__(self): return not self
    def __iter__(self): yield from self
    def __hash__(self): return hash(self)
    def __getattr__(self, name): return self.nothing
"""
SCHEMAS = """
from pydantic import BaseModel
class S(BaseModel):
    s: 'S'
    t: list['S']
    model_config = {'from_attributes': True}
class T(T, BaseModel): pass
"""
LAMBDAS = """\
    y = lambda g: (lambda x: x(x))(lambda x: g(lambda v: x(x)(v)))
    y(lambda s: s(s))(user)
    (lambda x: x(x))(lambda x: x(x))
"""
SHADOWED = """
def print(x): return x
list = dict = str = int = 5
class Exception(User): pass
def getattr(a, b): return a.b
isinstance = None
for super in []: pass
import builtins as len
"""
SHADOWING = """\
    type = sorted = user
    print(user), list(user), getattr(user, 'id'), isinstance(user, User), len(user), super().x
"""
RENAMED = """\
    global use
    use = user
    del nothing
    self = self.self = user
    (a, *b), *c = [user, session]
    a = b = c = a
"""
OTHER = """
class Other(Base):
    __tablename__ = 'users'
"""

CIRCULAR = (
    Kind(
        "imports",
        {
            "a.py": "from b import *\nfrom c import User\n",
            "b.py": "from a import *\nimport m\n",
            "c.py": "from a import User\n",
            "m.py": "from a import *\nfrom m import *\n" + MODELS + WHOLE,
        },
        (FOUND,),
    ),
    one("bases", MODELS + BASES + WHOLE, FOUND),
    one("types", MODELS + TYPES + WHOLE, FOUND),
    one("values", MODELS + VALUES + USE + "    x, Z, f()\n    g = lambda: g\n    g()()()\n" + READ, FOUND),
    one("lambdas that call themselves", MODELS + USE + LAMBDAS + READ, FOUND),
    one("functions that call each other", MODELS + MUTUAL + USE + "    await f0(session, user)\n" + READ, FOUND, DEPTH),
    one("generators", MODELS + GENERATORS + USE + "    async for x in h(session): pass\n    for x in g(g(user)): pass\n" + READ, FOUND),
    one("context managers", MODELS + MANAGERS + USE + "    async with c(session) as a, c(a) as b:\n        pass\n" + READ, FOUND),
    one("dependencies", MODELS + DEPENDENCIES + READ, FOUND),
    one("properties", MODELS + PROPERTIES + USE + "    user.p, user == user, f'{user}', {user: 1}, list(user), not user\n" + READ, FOUND),
    one("schemas", MODELS + SCHEMAS + USE + "    S(s=S(s=S()))\n    S.model_validate(user)\n    T.model_validate(user)\n" + READ, FOUND),
)
"""What needs itself."""

AMBIGUOUS = (
    one("the same models twice", MODELS + MODELS + WHOLE, FOUND),
    Kind("the same module twice", {"one/m.py": MODELS + WHOLE, "two/m.py": MODELS + WHOLE}, (FOUND,)),
    Kind("two tables of one name", {"m.py": MODELS + WHOLE, "n.py": MODELS + OTHER}, (FOUND,)),
    one("shadowed builtins", MODELS + SHADOWED + USE + SHADOWING + READ, FOUND),
    one("everything is renamed", MODELS + USE + RENAMED + READ, FOUND),
)
"""What has more than one meaning."""
