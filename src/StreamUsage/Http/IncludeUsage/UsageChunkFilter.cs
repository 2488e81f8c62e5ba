namespace StreamUsage.Http.IncludeUsage;

/// <summary>Removes Chat's usage chunk (empty <c>choices</c>, a <c>usage</c> object) from a stream of server-sent
/// events, however its bytes are split. A line is undecided only as long as it may be that chunk.</summary>
/// <remarks>It removes the data line. It also removes the blank line after it, unless the event has other lines. Such
/// an event is not dispatched without data (WHATWG HTML, 9.2.6).</remarks>
/// <param name="maxLineBytes">The longest line that is undecided, in bytes. A longer one passes.</param>
internal sealed class UsageChunkFilter(long maxLineBytes)
{
    private UsageChunkScanner _scanner;
    private Stage _stage;
    private int _prefixLength;
    private long _lineLength;
    private bool _isAfterReturn, _isLastDropped, _dropsBlankLine, _hasOtherLines, _isComment;

    private enum Stage
    {
        Prefix,
        Value,
        Json,
        Passing,
    }

    private static ReadOnlySpan<byte> Prefix => "data:"u8;

    /// <summary>Filters bytes in place.</summary>
    /// <param name="bytes">The undecided bytes so far, and new ones.</param>
    /// <param name="undecided">How many of the bytes are undecided ones from before.</param>
    /// <returns>How many bytes at the start are to be passed on, and how many after them are undecided.</returns>
    public (int Kept, int Undecided) Filter(Span<byte> bytes, int undecided)
    {
        int kept = 0, end = undecided;
        for (int i = undecided; i < bytes.Length; i++)
        {
            if (_stage == Stage.Passing)
            {
                int length = bytes[i..].IndexOfAny((byte)'\n', (byte)'\r');
                length = length < 0 ? bytes.Length - i : length;
                bytes.Slice(i, length).CopyTo(bytes[end..]);
                end += length;
                i += length;
                kept = end;
                if (i == bytes.Length)
                {
                    break;
                }
            }

            byte value = bytes[i];
            bool isDropped = false;
            if (value is (byte)'\n' or (byte)'\r')
            {
                isDropped = EndLine(value);
            }
            else
            {
                Read(value);
            }

            bytes[end] = value;
            end = isDropped ? kept : end + 1;
            kept = IsDecided ? end : kept;
        }

        return (kept, end - kept);
    }

    /// <summary>Ends the stream. Returns whether the undecided bytes are the usage chunk, which the caller drops.
    /// Otherwise the caller passes them on.</summary>
    public bool End() => _stage == Stage.Json && _scanner.IsUsageChunk;

    private bool IsDecided => _stage == Stage.Passing || (_stage == Stage.Prefix && _prefixLength == 0);

    private void Read(byte value)
    {
        if (_stage == Stage.Prefix && _prefixLength == 0)
        {
            (_isAfterReturn, _dropsBlankLine, _isComment, _lineLength) = (false, false, value == (byte)':', 0);
        }

        _lineLength++;
        _stage = _stage switch
        {
            Stage.Prefix when value == Prefix[_prefixLength] => ++_prefixLength == Prefix.Length ? Stage.Value : Stage.Prefix,
            Stage.Value when value is (byte)' ' or (byte)'\t' => Stage.Value,
            Stage.Value when value == (byte)'{' => BeginJson(value),
            Stage.Json when _lineLength <= maxLineBytes && _scanner.Read(value) => Stage.Json,
            _ => Stage.Passing,
        };
    }

    private Stage BeginJson(byte value)
    {
        _scanner = default;
        _scanner.Read(value);
        return Stage.Json;
    }

    // Returns whether the line that ends is dropped. A CR and an LF are one end.
    private bool EndLine(byte value)
    {
        bool isSecondHalf = _isAfterReturn && value == (byte)'\n';
        _isAfterReturn = value == (byte)'\r';
        if (isSecondHalf)
        {
            return _isLastDropped;
        }

        bool isBlank = _stage == Stage.Prefix && _prefixLength == 0;
        if (isBlank)
        {
            _isLastDropped = _dropsBlankLine;
            _dropsBlankLine = _hasOtherLines = false;
        }
        else
        {
            _isLastDropped = End();
            _dropsBlankLine = _isLastDropped && !_hasOtherLines;
            _hasOtherLines |= !_isLastDropped && !_isComment;
        }

        (_stage, _prefixLength) = (Stage.Prefix, 0);
        return _isLastDropped;
    }
}
