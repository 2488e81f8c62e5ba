using StreamUsage.Buffers;

namespace StreamUsage.Parsing.Json;

/// <summary>Represents the small copy of a large JSON value. Deep nesting is left out, and long arrays end early. The
/// members that parsers need (ids, model, usage, error, beginnings of choices) are short and outside of large arrays,
/// so the copy has them. A mutable struct: never copy it.</summary>
internal struct ReducedJson()
{
    /// <summary>Names of this length or more are not kept.</summary>
    public const int MaxNameBytes = 128;

    private const int MaxDepth = 32;

    // A value is kept if the copy, with it, stays within the limit of its place.
    private const int OtherArrayLimit = 6 * 1024; // In an array that holds no output, such as search results.
    private const int NestedArrayLimit = 8 * 1024; // In an array inside the output.
    private const int OutputLimit = 12 * 1024; // In the output array itself.
    private const int Limit = 24 * 1024; // Outside of arrays.
    private const int NeededLimit = 48 * 1024; // Members that a parser needs: usage, id, model, and so on.

    private readonly Level[] _levels = new Level[MaxDepth];
    private PooledBuffer _bytes;
    private bool _isNeeded; // Of the value that has begun.

    private struct Level
    {
        public bool IsArray, IsNeeded, IsOutput, HasContent;
        public int ArrayDepth; // The arrays around the container's values.
    }

    public readonly ReadOnlySpan<byte> Span => _bytes.Span;

    /// <summary>Gets the number of containers that are open.</summary>
    public int Depth { get; private set; }

    /// <summary>Gets whether the innermost open container is an array.</summary>
    public readonly bool IsInArray => _levels[Depth - 1].IsArray;

    public void Clear()
    {
        _bytes.Clear();
        Depth = 0;
    }

    public void Release() => _bytes.Release();

    /// <summary>Begins a value: writes the comma and the name. Returns false, and writes nothing, if the value is not
    /// kept.</summary>
    /// <param name="name">The name in the innermost container; ignored in an array.</param>
    /// <param name="size">The size that the value may take.</param>
    public bool TryBeginValue(ReadOnlySpan<byte> name, int size)
    {
        _isNeeded = false;
        if (Depth == 0)
        {
            return true;
        }

        ref Level parent = ref _levels[Depth - 1];
        _isNeeded = !parent.IsArray && parent.ArrayDepth == 0 && IsNeededName(name);
        if (name.Length >= MaxNameBytes || _bytes.Length + name.Length + size > LimitIn(parent))
        {
            return false;
        }

        if (parent.HasContent)
        {
            _bytes.Append((byte)',');
        }

        parent.HasContent = true;
        if (!parent.IsArray)
        {
            _bytes.Append((byte)'"');
            _bytes.Append(name);
            _bytes.Append("\":"u8);
        }

        return true;
    }

    /// <summary>Begins an object or array. Returns false, and writes nothing, if it is not kept.</summary>
    public bool TryBeginContainer(ReadOnlySpan<byte> name, bool isArray)
    {
        if (Depth == MaxDepth || !TryBeginValue(name, 2))
        {
            return false;
        }

        Level parent = Depth == 0 ? default : _levels[Depth - 1];
        _levels[Depth++] = new Level
        {
            IsArray = isArray,
            IsNeeded = parent.IsNeeded || (_isNeeded && IsUsageName(name)),
            IsOutput = parent.IsOutput || (isArray && parent.ArrayDepth == 0 && IsOutputName(name)),
            ArrayDepth = parent.ArrayDepth + (isArray ? 1 : 0),
        };
        _bytes.Append(isArray ? (byte)'[' : (byte)'{');
        return true;
    }

    /// <summary>Ends the innermost container. Returns false if it is of the other kind, or if none is open.</summary>
    public bool TryEndContainer(bool isArray)
    {
        if (Depth == 0 || IsInArray != isArray)
        {
            return false;
        }

        Depth--;
        _bytes.Append(isArray ? (byte)']' : (byte)'}');
        return true;
    }

    /// <summary>Appends the inside of a string that has begun.</summary>
    public void AppendString(ReadOnlySpan<byte> inside)
    {
        _bytes.Append((byte)'"');
        _bytes.Append(inside);
        _bytes.Append((byte)'"');
    }

    /// <summary>Appends a literal that has begun.</summary>
    public void Append(ReadOnlySpan<byte> literal) => _bytes.Append(literal);

    private readonly int LimitIn(in Level parent) => (_isNeeded || parent.IsNeeded, parent.ArrayDepth, parent.IsOutput) switch
    {
        (true, _, _) => NeededLimit,
        (_, 0, _) => Limit,
        (_, _, false) => OtherArrayLimit,
        (_, 1, _) => OutputLimit,
        _ => NestedArrayLimit,
    };

    private static bool IsUsageName(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("usage"u8) || name.SequenceEqual("usageMetadata"u8) || name.SequenceEqual("error"u8);

    // Arrays of the answer's output. The elements of choices and candidates also hold the stop reasons.
    private static bool IsOutputName(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("choices"u8) || name.SequenceEqual("candidates"u8) || name.SequenceEqual("output"u8)
            || name.SequenceEqual("content"u8);

    private static bool IsNeededName(ReadOnlySpan<byte> name) =>
        IsUsageName(name) || name.SequenceEqual("response"u8) || name.SequenceEqual("message"u8) || name.SequenceEqual("type"u8)
            || name.SequenceEqual("id"u8) || name.SequenceEqual("model"u8) || name.SequenceEqual("status"u8);
}
