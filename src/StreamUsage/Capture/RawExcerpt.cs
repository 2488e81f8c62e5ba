using System.Text;

namespace StreamUsage.Capture;

/// <summary>The first characters of a body, kept as long as nothing in it could be read.</summary>
internal sealed class RawExcerpt
{
    private const int MaxCharacters = 10_000;
    private const int MaxBytes = 4 * MaxCharacters;

    // Not rented: it is small, most streams never have one, and it outlives the stream until the record is made.
    private byte[] _bytes = [];
    private int _length;
    private bool _isTruncated;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        int length = Math.Min(bytes.Length, MaxBytes - _length);
        _isTruncated |= length < bytes.Length;
        if (_length + length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Min(MaxBytes, Math.Max(1024, Math.Max(_length + length, 2 * _bytes.Length))));
        }

        bytes[..length].CopyTo(_bytes.AsSpan(_length));
        _length += length;
    }

    public CapturedResponse ToResponse()
    {
        string text = Encoding.UTF8.GetString(_bytes, 0, _length);
        int length = Math.Min(text.Length, MaxCharacters);
        if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
        {
            length--;
        }

        return new CapturedResponse { RawExcerpt = text[..length], Truncated = _isTruncated || length < text.Length };
    }
}
