using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace StreamUsage.Estimation.Counting;

/// <summary>Counts the tokens of UTF-8 texts in bounded time and memory. The first <see cref="HeadBytes"/> are counted
/// in full. Of the rest, evenly spread regions of at most <see cref="SampleBytes"/> are counted, and scaled up. Not
/// thread-safe.</summary>
internal sealed class TextMeter : IDisposable
{
    private const int HeadBytes = 32 * 1024;
    private const int SampleBytes = 32 * 1024;
    private const int RegionBytes = 4096;
    private const int BufferBytes = 4096;

    // Each text costs a tokenizer call. So even a short text uses this much of a region.
    private const int BytesPerText = 16;

    private readonly Tokenizer _tokenizer;
    private readonly int _regionsPerSample;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private readonly char[] _characters = ArrayPool<char>.Shared.Rent(BufferBytes);
    private int _length;
    private long _bytes, _textStart, _tailBytes, _sampledTailBytes;
    private long _regionLeft = HeadBytes;
    private long _region;
    private bool _isSampled = true;
    private Tally _head, _tail;

    /// <summary>Creates a meter.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="maxBytes">The most bytes that may be added.</param>
    public TextMeter(Tokenizer tokenizer, long maxBytes)
    {
        _tokenizer = tokenizer;
        _regionsPerSample = (int)Math.Max(1, (maxBytes - HeadBytes + SampleBytes - 1) / SampleBytes);
    }

    /// <summary>Gets the number of bytes added so far, counted or skipped.</summary>
    public long Bytes => _bytes;

    /// <summary>Gets the number of tokens of all texts so far, partly estimated.</summary>
    public double Tokens => _head.Tokens + Rest(_tail.Tokens, _head.Tokens);

    /// <summary>Gets the number of digits of all texts so far, partly estimated.</summary>
    public double Digits => _head.Digits + Rest(_tail.Digits, _head.Digits);

    /// <summary>Adds to the current text.</summary>
    /// <param name="utf8">The text, or the raw inside of a JSON string if <paramref name="isEscaped"/>.</param>
    /// <param name="isEscaped">Whether the text has JSON escapes.</param>
    public void Add(ReadOnlySpan<byte> utf8, bool isEscaped = false)
    {
        while (!utf8.IsEmpty)
        {
            if (_regionLeft == 0)
            {
                BeginRegion();
            }

            int taken = (int)Math.Min(utf8.Length, _regionLeft);
            if (isEscaped && taken < utf8.Length)
            {
                _regionLeft = taken = BeforeCutEscape(utf8[..taken]);
            }

            if (_isSampled)
            {
                taken = isEscaped ? Unescape(utf8[..taken]) : Copy(utf8[..taken]);
                _sampledTailBytes += _region == 0 ? 0 : taken;
            }

            _tailBytes += _region == 0 ? 0 : taken;
            _bytes += taken;
            _regionLeft -= taken;
            utf8 = utf8[taken..];
        }
    }

    /// <summary>Ends the current text.</summary>
    public void End()
    {
        Flush(isEnd: true);
        _regionLeft = _bytes == _textStart ? _regionLeft : Math.Max(0, _regionLeft - BytesPerText);
        _textStart = _bytes;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        ArrayPool<char>.Shared.Return(_characters);
    }

    // A tail that is too short for a sample is assumed to be like the head.
    private double Rest(long sampledTail, long head) =>
        _tailBytes == 0 ? 0
        : _sampledTailBytes > 0 ? (double)sampledTail * _tailBytes / _sampledTailBytes
        : (double)head * _tailBytes / (_bytes - _tailBytes);

    private void BeginRegion()
    {
        // Counts one region of each group, at varying positions, so that a period in the text does not bias the sample.
        long group = _region / _regionsPerSample;
        bool isSampled = _region % _regionsPerSample == (uint)((group * 2654435761) >> 16) % (uint)_regionsPerSample;
        if (_isSampled && (!isSampled || _region == 0))
        {
            Flush(isEnd: true);
        }

        _isSampled = isSampled;
        _region++;
        _regionLeft = RegionBytes;
    }

    // An escape has at most 6 bytes.
    private static int BeforeCutEscape(ReadOnlySpan<byte> utf8)
    {
        int escape = utf8[^Math.Min(6, utf8.Length)..].LastIndexOf((byte)'\\');
        int before = utf8.Length - Math.Min(6, utf8.Length) + escape;
        return escape < 0 || before == 0 ? utf8.Length : before;
    }

    private int Copy(ReadOnlySpan<byte> utf8)
    {
        if (_length == BufferBytes)
        {
            Flush(isEnd: false);
        }

        int length = Math.Min(utf8.Length, BufferBytes - _length);
        utf8[..length].CopyTo(_buffer.AsSpan(_length));
        _length += length;
        return length;
    }

    private int Unescape(ReadOnlySpan<byte> utf8)
    {
        if (BufferBytes - _length < JsonText.MaxUnescapedLength)
        {
            Flush(isEnd: false);
        }

        int written = JsonText.Unescape(utf8, _buffer.AsSpan(_length, BufferBytes - _length), out int read);
        _length += written;
        return read;
    }

    // Within a text, cuts at the last white space to keep words whole.
    private void Flush(bool isEnd)
    {
        int length = _length;
        if (!isEnd)
        {
            int space = _buffer.AsSpan(BufferBytes / 2, _length - (BufferBytes / 2)).LastIndexOfAny((byte)' ', (byte)'\n');
            length = space > 0 ? (BufferBytes / 2) + space : WholeCharacters(_buffer.AsSpan(0, _length));
        }

        Count(_buffer.AsSpan(0, length));
        _buffer.AsSpan(length, _length - length).CopyTo(_buffer);
        _length -= length;
    }

    private static int WholeCharacters(ReadOnlySpan<byte> utf8)
    {
        int length = utf8.Length;
        while (length > utf8.Length - 4 && (utf8[length - 1] & 0xC0) == 0x80)
        {
            length--;
        }

        return utf8[length - 1] >= 0xC0 ? length - 1 : utf8.Length;
    }

    private void Count(ReadOnlySpan<byte> utf8)
    {
        ref Tally tally = ref _region == 0 ? ref _head : ref _tail;
        ReadOnlySpan<char> text = _characters.AsSpan(0, Encoding.UTF8.GetChars(utf8, _characters));
        foreach (char character in text)
        {
            tally.Digits += char.IsAsciiDigit(character) ? 1 : 0;
        }

        while (!text.IsEmpty)
        {
            int length = TextCutter.NextPiece(text);
            tally.Tokens += _tokenizer.CountTokens(text[..length]);
            text = text[length..];
        }
    }

    private struct Tally
    {
        public long Tokens;
        public long Digits;
    }
}
