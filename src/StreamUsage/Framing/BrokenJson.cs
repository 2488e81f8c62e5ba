using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

/// <summary>Finds broken JSON without an exception, which costs as much as parsing some hundred bytes. A mutable
/// struct: never copy it.</summary>
internal struct BrokenJson
{
    // After this many exceptions of a parser, events are checked before they are parsed.
    private const int MaxExceptions = 16;

    private JsonReducer? _check; // Created for the first check.
    private int _exceptions;

    /// <summary>Gets whether an event must be checked before it is parsed.</summary>
    public readonly bool IsExpected => _exceptions >= MaxExceptions;

    /// <summary>Counts an exception of a parser for broken JSON.</summary>
    public void OnException() => _exceptions++;

    /// <summary>Returns whether data that begins like a JSON object is broken.</summary>
    public bool IsBroken(ReadOnlySpan<byte> data)
    {
        if (!Utf8Json.IsObject(data))
        {
            return false;
        }

        _check ??= new JsonReducer();
        _check.Begin();
        _check.Append(data);
        return !_check.IsWhole;
    }

    public readonly void Release() => _check?.Release();
}
