"""How a kernel becomes a piece of machine code that needs no compiler to be loaded or called.

numba compiles the kernel; here it gets an entry of its own, a C function that CPython calls with its arguments. The entry
looks at the type of each, takes numbers and arrays out of them, calls the kernel and makes Python objects of what it answers.
Arguments are lent, not counted: whoever calls holds them. Arguments of other types are handed on to the next piece.

This uses numba's insides, so `compiled.py` imports it only for versions whose insides were compared, and only in a process
that has to compile.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import core

from alpasim.kernels.layout import (
    ALIGNED,
    BYTE_ORDER,
    C_ORDER,
    DATA,
    DESCRIPTION,
    DIMENSIONS,
    F_ORDER,
    FLAGS,
    ITEMS,
    NUMBER,
    SHAPE,
    STRIDES,
    TYPE,
    VALUE,
    WRITEABLE,
)
from alpasim.kernels.linking import UnsuitableError, linked
from alpasim.kernels.machine_code import NEXT, Piece

cgutils: Any = core.cgutils
types: Any = core.types
_ENTRY = "alpasim_entry"

_BYTE, _INT, _LONG, _REAL = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType()
_OBJECT = _BYTE.as_pointer()


def build(dispatcher: Any, arguments: tuple[Any, ...]) -> Piece:
    """The machine code of one of numba's dispatchers for a row of numba's types.

    Raises UnsuitableError where it takes or answers what no entry can be made for, and numba's own errors where the kernel
    cannot be compiled for these types.
    """
    dispatcher.compile(arguments)
    made = dispatcher.overloads[arguments]
    if made.library.has_dynamic_globals:
        raise UnsuitableError("it holds addresses of this process")
    module = binding.parse_bitcode(made.library._final_module.as_bitcode())
    module.link_in(binding.parse_assembly(str(_Wrapper(made, dispatcher.__name__).module)))
    module.verify()
    return linked(made.library.codegen._tm.emit_object(module), _ENTRY, signature(arguments))


def signature(arguments: tuple[Any, ...]) -> str:
    """A row of numba's types in words, with the modules and fields of named tuples, whose names alone say too little."""
    return ", ".join(
        f"{_class_symbol(kind.instance_class)}({signature(tuple(kind.types))})"
        if isinstance(kind, types.BaseNamedTuple)
        else f"({signature(tuple(kind.types))})"
        if isinstance(kind, types.BaseTuple)
        else str(kind)
        for kind in arguments
    )


class _Wrapper:
    """The entry of a kernel, being written."""

    def __init__(self, made: Any, name: str) -> None:
        self.context, self.module = made.target_context, ir.Module(name="entry")
        self.module.triple, self.module.data_layout = made.library.codegen._tm.triple, made.library.codegen._data_layout
        kernel = self.context.declare_function(self.module, made.fndesc)
        kind = ir.FunctionType(_OBJECT, [_OBJECT, _OBJECT.as_pointer(), _LONG, _OBJECT])
        entry = ir.Function(self.module, kind, _ENTRY)
        others, objects, count, keywords = entry.args
        self.builder = builder = ir.IRBuilder(entry.append_basic_block("entry"))
        self.unfit = entry.append_basic_block("unfit")
        with builder.goto_block(self.unfit):
            following = builder.bitcast(self._symbol(NEXT), kind.as_pointer())
            builder.ret(builder.call(following, [others, objects, count, keywords]))

        wanted, answer = made.fndesc.argtypes, made.fndesc.restype
        self._demand(builder.icmp_unsigned("==", count, _LONG(len(wanted))))
        self._demand(cgutils.is_null(builder, keywords))
        given = [builder.load(builder.gep(objects, [_INT(i)])) for i in range(len(wanted))]
        self.counted: list[Any] | None = None
        values = [self._taken(kind, value) for kind, value in zip(wanted, given, strict=True)]
        if _holds_array(answer):
            # It may hand back what it was lent, which therefore has to be counted: from here on, where nothing is unfit any more.
            self.counted = []
            values = [self._taken(kind, value) for kind, value in zip(wanted, given, strict=True)]
        status, found = self.context.call_conv.call_function(builder, kernel, answer, wanted, values)
        for array in self.counted or []:
            self._release(array.meminfo)
        with builder.if_then(builder.not_(status.is_ok), likely=False):
            self._fail(
                f"{name}: out of memory, an array of less than no elements was asked for, or it raised an error itself"
            )
        builder.ret(self._object(answer, found))

    def _symbol(self, name: str) -> Any:
        """The address of something outside."""
        found = self.module.globals.get(name)
        return ir.GlobalVariable(self.module, _BYTE, name) if found is None else found

    def _call(self, name: str, kind: Any, *values: Any) -> Any:
        """Call a C function that answers with `kind`."""
        function = ir.FunctionType(kind, [value.type for value in values])
        return self.builder.call(cgutils.get_or_insert_function(self.module, function, name), values)

    def _field(self, value: Any, offset: int, kind: Any) -> Any:
        """What lies in an object, `offset` bytes from its start."""
        place = self.builder.gep(value, [_LONG(offset)])
        return self.builder.load(self.builder.bitcast(place, kind.as_pointer()))

    def _demand(self, condition: Any) -> None:
        """Go on where a condition holds; where not, these arguments are not for this piece."""
        fit = self.builder.append_basic_block("fit")
        self.builder.cbranch(condition, fit, self.unfit)
        self.builder.position_at_end(fit)

    def _is(self, value: Any, *symbols: str) -> Any:
        """Whether a value's address is one of those."""
        found = [self.builder.icmp_unsigned("==", value, self._symbol(symbol)) for symbol in symbols]
        every = found[0]
        for other in found[1:]:
            every = self.builder.or_(every, other)
        return every

    def _taken(self, kind: Any, value: Any) -> Any:
        """What the kernel gets for an object that has to be of a type."""
        has = self._field(value, TYPE, _OBJECT)
        if isinstance(kind, types.Array):
            return self._array(kind, value, has)
        if isinstance(kind, types.BaseTuple):
            return self._tuple(kind, value, has)
        if kind == types.float64:
            self._demand(self._is(has, "PyFloat_Type", "class:numpy:float64:"))
            return self._field(value, VALUE, _REAL)
        if kind == types.int64:
            return self._whole(value, has)
        if kind == types.boolean:
            return self._truth(value, has)
        if isinstance(kind, (types.Integer, types.Float)):
            self._demand(self._is(has, f"class:numpy:{kind.name}:"))
            return self._field(value, VALUE, self.context.get_value_type(kind))
        raise UnsuitableError(f"an argument is of the type {kind}")

    def _whole(self, value: Any, has: Any) -> Any:
        """A whole number of 64 bits, Python's or numpy's."""
        builder = self.builder
        found = cgutils.alloca_once(builder, _LONG)
        with builder.if_else(self._is(has, "PyLong_Type")) as (pythons, others):
            with pythons:
                over = cgutils.alloca_once_value(builder, _INT(0))
                builder.store(self._call("PyLong_AsLongLongAndOverflow", _LONG, value, over), found)
                self._demand(builder.icmp_signed("==", builder.load(over), _INT(0)))
            with others:
                self._demand(self._is(has, "class:numpy:int64:"))
                builder.store(self._field(value, VALUE, _LONG), found)
        return builder.load(found)

    def _truth(self, value: Any, has: Any) -> Any:
        """True or False, Python's or numpy's."""
        builder = self.builder
        numpys = self._is(has, "class:numpy:bool_:")
        self._demand(builder.or_(numpys, self._is(has, "PyBool_Type")))
        stored = cgutils.alloca_once_value(builder, self._is(value, "_Py_TrueStruct"))
        with builder.if_then(numpys):
            builder.store(builder.icmp_unsigned("!=", self._field(value, VALUE, _BYTE), _BYTE(0)), stored)
        return builder.load(stored)

    def _tuple(self, kind: Any, value: Any, has: Any) -> Any:
        """A tuple, named or not, of what an entry takes."""
        named = isinstance(kind, types.BaseNamedTuple)
        self._demand(self._is(has, _class_symbol(kind.instance_class) if named else "PyTuple_Type"))
        self._demand(self.builder.icmp_unsigned("==", self._field(value, VALUE, _LONG), _LONG(len(kind.types))))
        items = [self._field(value, ITEMS + 8 * i, _OBJECT) for i in range(len(kind.types))]
        taken = [self._taken(inner, item) for inner, item in zip(kind.types, items, strict=True)]
        return self.context.make_tuple(self.builder, kind, taken)

    def _array(self, kind: Any, value: Any, has: Any) -> Any:
        """An array, lent: without the counter that numba gives those that it may keep."""
        builder = self.builder
        if not kind.ndim or not kind.aligned or not isinstance(kind.dtype, (types.Boolean, types.Integer, types.Float)):
            raise UnsuitableError(f"an argument is of the type {kind}")
        self._demand(self._is(has, "class:numpy:ndarray:"))
        self._demand(builder.icmp_unsigned("==", self._field(value, DIMENSIONS, _INT), _INT(kind.ndim)))
        description = self._field(value, DESCRIPTION, _OBJECT)
        number = np.dtype(str(kind.dtype)).num
        self._demand(builder.icmp_unsigned("==", self._field(description, NUMBER, _INT), _INT(number)))
        self._demand(builder.icmp_unsigned("!=", self._field(description, BYTE_ORDER, _BYTE), _BYTE(ord(">"))))
        order = {"C": C_ORDER, "F": C_ORDER | F_ORDER, "A": C_ORDER | F_ORDER}[kind.layout]
        must = {"C": C_ORDER, "F": F_ORDER, "A": 0}[kind.layout] | ALIGNED | (WRITEABLE if kind.mutable else 0)
        flags = builder.and_(self._field(value, FLAGS, _INT), _INT(order | ALIGNED | WRITEABLE))
        self._demand(builder.icmp_unsigned("==", flags, _INT(must)))
        array = self.context.make_array(kind)(self.context, builder)
        if self.counted is None:
            self._lend(kind, value, array)
        else:
            self._call("NRT_adapt_ndarray_from_python", _INT, value, builder.bitcast(array._getpointer(), _OBJECT))
            self.counted.append(array)
        return array._getvalue()

    def _lend(self, kind: Any, value: Any, array: Any) -> None:
        """Fill numba's array without the counter that those have which may be kept."""
        builder = self.builder
        shape, strides = (self._field(value, offset, _LONG.as_pointer()) for offset in (SHAPE, STRIDES))
        lengths, steps = (
            [builder.load(builder.gep(row, [_INT(i)])) for i in range(kind.ndim)] for row in (shape, strides)
        )
        total = _LONG(1)
        for length in lengths:
            total = builder.mul(total, length)
        array.nitems, array.itemsize = total, _LONG(np.dtype(str(kind.dtype)).itemsize)
        array.data = builder.bitcast(self._field(value, DATA, _OBJECT), array.data.type)
        array.shape, array.strides = cgutils.pack_array(builder, lengths), cgutils.pack_array(builder, steps)

    def _release(self, counter: Any) -> None:
        """Count an array down."""
        counter = self.builder.bitcast(counter, _OBJECT)
        with self.builder.if_then(cgutils.is_not_null(self.builder, counter)):
            self._call("NRT_MemInfo_release", ir.VoidType(), counter)

    def _fail(self, text: str) -> None:
        """Raise a RuntimeError."""
        message = self.context.insert_const_string(self.module, text)
        error = self.builder.load(self.builder.bitcast(self._symbol("PyExc_RuntimeError"), _OBJECT.as_pointer()))
        self._call("PyErr_SetString", ir.VoidType(), error, message)
        self.builder.ret(_OBJECT(None))

    def _object(self, kind: Any, value: Any) -> Any:
        """The Python object for what the kernel answers."""
        builder = self.builder
        if kind == types.none:
            self._call("Py_IncRef", ir.VoidType(), self._symbol("_Py_NoneStruct"))
            return self._symbol("_Py_NoneStruct")
        if kind == types.float64:
            return self._call("PyFloat_FromDouble", _OBJECT, value)
        if kind == types.boolean:
            return self._call("PyBool_FromLong", _OBJECT, builder.zext(value, _LONG))
        if kind in (types.int64, types.uint64):
            return self._call(f"PyLong_From{'' if kind.signed else 'Unsigned'}LongLong", _OBJECT, value)
        if isinstance(kind, types.Array):
            return self._new_array(kind, value)
        if not isinstance(kind, types.BaseTuple) or isinstance(kind, types.BaseNamedTuple):
            raise UnsuitableError(f"it answers with the type {kind}")
        items = [self._object(inner, builder.extract_value(value, i)) for i, inner in enumerate(kind.types)]
        return self._new_tuple(items)

    def _new_tuple(self, items: list[Any]) -> Any:
        """Python's tuple of objects, which it owns from now on; nothing, and none of them, where memory ran out on the way."""
        builder = self.builder
        found = self._call("PyTuple_New", _OBJECT, _LONG(len(items)))
        result = cgutils.alloca_once_value(builder, found)
        missing = cgutils.is_null(builder, found)
        for item in items:
            missing = builder.or_(missing, cgutils.is_null(builder, item))
        with builder.if_else(missing, likely=False) as (short, whole):
            with short:
                for value in (found, *items):
                    self._call("Py_DecRef", ir.VoidType(), value)
                builder.store(_OBJECT(None), result)
            with whole:
                for i, item in enumerate(items):
                    self._call("PyTuple_SetItem", _INT, found, _LONG(i), item)
        return builder.load(result)

    def _new_array(self, kind: Any, value: Any) -> Any:
        """numpy's array for one of numba's, which Python counts from now on."""
        array = self.context.make_array(kind)(self.context, self.builder, value=value)
        found = self._call(
            "NRT_adapt_ndarray_to_python_acqref",
            _OBJECT,
            self.builder.bitcast(array._getpointer(), _OBJECT),
            self._symbol("class:numpy:ndarray:"),
            _INT(kind.ndim),
            _INT(int(kind.mutable)),
            self._symbol(f"dtype:{np.dtype(str(kind.dtype)).name}"),
        )
        self._release(array.meminfo)
        return found


def _holds_array(kind: Any) -> bool:
    """Whether a type is an array or a tuple with one in it."""
    return isinstance(kind, types.Array) or (
        isinstance(kind, types.BaseTuple) and any(_holds_array(inner) for inner in kind.types)
    )


def _class_symbol(kind: type) -> str:
    """The symbol of a class that its module has under its name."""
    module = sys.modules.get(kind.__module__)
    if getattr(module, kind.__name__, None) is not kind:
        raise UnsuitableError(f"{kind.__module__} has no {kind.__name__}")
    return f"class:{kind.__module__}:{kind.__name__}:{','.join(getattr(kind, '_fields', ()))}"
