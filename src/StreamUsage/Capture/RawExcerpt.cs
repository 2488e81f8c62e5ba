using System.Text;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>The first characters of a body, kept as long as nothing in it could be read. The budget counts them, and does not refuse them.</summary>
internal sealed class RawExcerpt(BufferBudget? budget = null)
{
    private const int MaxCharacters = 10_000;

    // No UTF-16 unit stands for more than three bytes. The last character may be cut, and is not shown.
    private const int MaxBytes = 3 * (MaxCharacters + 1);

    private BudgetedBuffer _bytes = new(budget);
    private int _characters;
    private bool _isTruncated;

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

    /// <summary>Returns what was kept, its secrets masked.</summary>
    public CapturedResponse ToResponse()
    {
        string text = Encoding.UTF8.GetString(_bytes.Span);
        return new CapturedResponse { RawExcerpt = SecretMask.Text(text, MaxCharacters), Truncated = _isTruncated || text.Length > MaxCharacters };
    }

    // Up to the byte that begins one character too many.
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
