using System.Text;

namespace StreamUsage.Buffers;

/// <summary>Represents a text that is kept as it came: as a string, or as UTF-8 bytes, which take half the memory for
/// ASCII.</summary>
internal readonly struct CompactText : IEquatable<CompactText>
{
    private readonly object? _text;

    public CompactText(string? text) => _text = text;

    public CompactText(byte[] utf8) => _text = utf8;

    /// <summary>Gets the text; null if there is none. Decodes bytes each time.</summary>
    public string? Text => _text is byte[] utf8 ? Encoding.UTF8.GetString(utf8) : (string?)_text;

    /// <summary>Gets the size of the text in bytes, without the object header.</summary>
    public int Size => _text is byte[] utf8 ? utf8.Length : ((string?)_text)?.Length * sizeof(char) ?? 0;

    public bool Equals(CompactText other) => ReferenceEquals(_text, other._text) || Text == other.Text;

    public override bool Equals(object? obj) => obj is CompactText other && Equals(other);

    public override int GetHashCode() => Text?.GetHashCode(StringComparison.Ordinal) ?? 0;
}
