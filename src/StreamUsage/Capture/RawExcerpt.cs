using System.Text;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Represents the first characters of a body, kept until something in it can be read. They count towards the
/// budget, which never refuses them.</summary>
internal sealed class RawExcerpt(BufferBudget? budget = null)
{
    private const int MaxCharacters = 10_000;

    // A UTF-16 unit takes at most three bytes. One more is kept, as the last character may be cut; it is not shown.
    private const int MaxBytes = 3 * (MaxCharacters + 1);

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private BudgetedBuffer _bytes = new(budget);
    private int _characters;
    private bool _isTruncated;

    /// <summary>Gets whether the body holds only SSE comments, pings and end markers.</summary>
    public bool IsSilent
    {
        get
        {
            ReadOnlySpan<byte> rest = _bytes.Span.StartsWith(ByteOrderMark) ? _bytes.Span[ByteOrderMark.Length..] : _bytes.Span;
            while (!rest.IsEmpty)
            {
                int end = rest.IndexOfAny((byte)'\r', (byte)'\n');
                ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
                rest = end < 0 ? default : rest[(end + 1)..];
                bool isSilent = !line.ContainsAnyExcept(" \t"u8)
                    || line[0] == (byte)':' || line.StartsWith("id:"u8) || line.StartsWith("retry:"u8)
                    || (line.StartsWith("data:"u8)
                        && (line.EndsWith("[DONE]"u8)
                            || line.IndexOf("\"ping\""u8) >= 0
                            || (end >= 0 && !line["data:".Length..].ContainsAnyExcept(" \t"u8))))
                    || (line.StartsWith("event:"u8) && line.EndsWith("ping"u8));
                if (!isSilent)
                {
                    return false;
                }
            }

            return true;
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_isTruncated)
        {
            return;
        }

        ReadOnlySpan<byte> kept = bytes[..LengthToKeep(bytes)];
        _isTruncated = kept.Length < bytes.Length;
        _bytes.Append(kept);
    }

    public void Release() => _bytes.Release();

    public CapturedResponse ToResponse()
    {
        string text = Encoding.UTF8.GetString(_bytes.Span);
        return new CapturedResponse
        {
            RawExcerpt = SecretMask.Text(text, MaxCharacters),
            Truncated = _isTruncated || text.Length > MaxCharacters,
        };
    }

    // Ends before the first character over the limit.
    private int LengthToKeep(ReadOnlySpan<byte> bytes)
    {
        int length = Math.Min(bytes.Length, MaxBytes - _bytes.Length);
        for (int i = 0; i < length; i++)
        {
            if ((bytes[i] & 0xC0) != 0x80 && ++_characters > MaxCharacters)
            {
                return i;
            }
        }

        return length;
    }
}
