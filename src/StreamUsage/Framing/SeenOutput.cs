using System.Runtime.CompilerServices;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>Counts a response's output, and keeps its text until a usage counts it. A mutable struct: never copy
/// it.</summary>
internal struct SeenOutput(ReaderSettings settings)
{
    private RetainedOutput _kept;
    private long _charactersAtUsage;

    /// <summary>Gets the UTF-16 units of text, reasoning and tool arguments.</summary>
    public long Characters { get; private set; }

    /// <summary>Gets whether any output was seen, including a tool's name.</summary>
    public bool IsAny { get; private set; }

    /// <summary>Gets whether output was seen since the last usage that counts output.</summary>
    public bool HasOutputSinceUsage { get; private set; }

    /// <summary>Gets the number of characters since the last usage that counts output.</summary>
    public readonly long CharactersSinceUsage => Characters - _charactersAtUsage;

    public void Add(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, int utf16Length, bool isEscaped)
    {
        if (Count(kind, utf16Length))
        {
            _kept.Append(kind, choiceIndex, utf8, isEscaped);
        }
    }

    /// <summary>Adds output like <see cref="Add"/>, as the inside of a JSON string of known length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddInside(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, int length, int utf16Length, bool isEscaped)
    {
        if (Count(kind, utf16Length))
        {
            _kept.AppendInside(kind, choiceIndex, bytes, length, isEscaped);
        }
    }

    /// <summary>Adds output whose event also counts it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddCounted(OutputKind kind, int utf16Length)
    {
        IsAny = true;
        Characters += kind is OutputKind.ToolName or OutputKind.Citation ? 0 : utf16Length;
        if (HasOutputSinceUsage)
        {
            OnUsage();
        }
        else
        {
            _charactersAtUsage = Characters; // No text is kept, so this is all that OnUsage would do.
        }
    }

    /// <summary>Discards the kept text, since a usage has counted it.</summary>
    public void OnUsage()
    {
        HasOutputSinceUsage = false;
        _charactersAtUsage = Characters;
        if (_kept.IsBegun)
        {
            _kept.Clear();
        }
    }

    /// <summary>Discards the output of a message that another one replaces. Output was seen all the same.</summary>
    public void Restart()
    {
        Characters = _charactersAtUsage = 0;
        HasOutputSinceUsage = false;
        Release();
    }

    /// <summary>Returns the output that no usage has counted, and releases its buffer.</summary>
    public ModelOutput Take(string? protocol)
    {
        ModelOutput output = _kept.IsBegun
            ? _kept.ToOutput(protocol, CharactersSinceUsage) : new ModelOutput { Protocol = protocol, Characters = CharactersSinceUsage };
        Release();
        return output;
    }

    public void Release()
    {
        if (_kept.IsBegun)
        {
            _kept.Release();
            _kept = default;
        }
    }

    // Counts a piece of output. Returns whether its text can be kept.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Count(OutputKind kind, int utf16Length)
    {
        IsAny = true;
        HasOutputSinceUsage = true;
        if (kind is not (OutputKind.ToolName or OutputKind.Citation))
        {
            Characters += utf16Length;
        }

        return _kept.IsBegun || TryBegin();
    }

    private bool TryBegin()
    {
        _kept = new RetainedOutput(settings.MaxRetainedTextBytes, settings.Budget);
        return _kept.IsBegun;
    }
}
