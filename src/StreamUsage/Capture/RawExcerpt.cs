using System.Text;
using StreamUsage.Sse;

namespace StreamUsage.Capture;

/// <summary>The first characters of a body, kept as long as nothing in it could be read.</summary>
internal sealed class RawExcerpt
{
    private const int MaxCharacters = 10_000;
    private const int MaxBytes = 4 * MaxCharacters;

    private PooledBuffer _bytes;
    private bool _isTruncated;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        int length = Math.Min(bytes.Length, MaxBytes - _bytes.Length);
        _isTruncated |= length < bytes.Length;
        _bytes.Append(bytes[..length]);
    }

    public void Release() => _bytes.Release();

    public CapturedResponse ToResponse()
    {
        string text = Encoding.UTF8.GetString(_bytes.Span);
        int length = Math.Min(text.Length, MaxCharacters);
        if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
        {
            length--;
        }

        return new CapturedResponse { RawExcerpt = text[..length], Truncated = _isTruncated || length < text.Length };
    }
}
