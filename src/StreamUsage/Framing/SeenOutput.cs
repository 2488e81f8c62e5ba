using System.Runtime.CompilerServices;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>
/// Counts the output of a response as it passes, and keeps its text for as long as no usage has counted it. A mutable struct: keep it in a field, never copy it.
/// </summary>
internal struct SeenOutput(ReaderSettings settings)
{
    private RetainedOutput _kept;
    private long _charactersAtUsage;

    /// <summary>UTF-16 units of text, reasoning and tool arguments.</summary>
    public long Characters { get; private set; }

    /// <summary>Whether output of any kind has been seen, a tool's name included.</summary>
    public bool IsAny { get; private set; }

    /// <summary>Whether output has been seen since the last usage that counts output.</summary>
    public bool IsSinceUsage { get; private set; }

    /// <summary>The characters that were seen since the last usage that counts output.</summary>
    public readonly long CharactersSinceUsage => Characters - _charactersAtUsage;

    public void Add(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, int utf16Length, bool isEscaped)
    {
        if (Count(kind, utf16Length))
        {
            _kept.Append(kind, choiceIndex, utf8, isEscaped);
        }
    }

    /// <summary>As <see cref="Add"/>, of the inside of a JSON string, whose length is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddInside(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, int length, int utf16Length, bool isEscaped)
    {
        if (Count(kind, utf16Length))
        {
            _kept.AppendInside(kind, choiceIndex, bytes, length, isEscaped);
        }
    }

    /// <summary>Counts output that comes with a usage which counts it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddCounted(OutputKind kind, int utf16Length)
    {
        IsAny = true;
        Characters += kind is OutputKind.ToolName or OutputKind.Citation ? 0 : utf16Length;
        if (IsSinceUsage)
        {
            OnUsage();
        }
        else
        {
            _charactersAtUsage = Characters;
        }
    }

    /// <summary>A usage has counted all that was seen so far.</summary>
    public void OnUsage()
    {
        IsSinceUsage = false;
        _charactersAtUsage = Characters;
        if (_kept.IsBegun)
        {
            _kept.Clear();
        }
    }

    /// <summary>What was seen is of a message that another one replaces.</summary>
    public void Restart()
    {
        Characters = _charactersAtUsage = 0;
        IsSinceUsage = false;
        Release();
    }

    /// <summary>What was seen and no usage has counted. What kept it is given back.</summary>
    public ModelOutput Take(string? protocol)
    {
        ModelOutput output = _kept.IsBegun ? _kept.ToOutput(protocol, CharactersSinceUsage) : new ModelOutput { Protocol = protocol, Characters = CharactersSinceUsage };
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

    // Returns whether the text is to be kept.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Count(OutputKind kind, int utf16Length)
    {
        IsAny = true;
        IsSinceUsage = true;
        if (kind is not (OutputKind.ToolName or OutputKind.Citation))
        {
            Characters += utf16Length;
        }

        return _kept.IsBegun || Keeps();
    }

    private bool Keeps()
    {
        _kept = new RetainedOutput(settings.MaxRetainedTextBytes, settings.Budget);
        return _kept.IsBegun;
    }
}
