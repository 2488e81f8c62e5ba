using System.Buffers.Text;
using StreamUsage.Buffers;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Passes on the payload of a message that is too large to buffer. The payload of a <c>chunk</c>, which begins
/// with <c>{"bytes":"</c>, is decoded from base64; any other is passed unchanged.</summary>
internal sealed class BedrockPayloadReader(ILargeEventReader inner) : ILargeEventReader
{
    private readonly byte[] _group = new byte[4];
    private State _state;
    private int _begun; // The matched bytes of ChunkStart.
    private int _grouped; // The bytes in _group.

    private enum State : byte
    {
        Beginning,
        Base64,
        Plain,
        End,
    }

    private static ReadOnlySpan<byte> ChunkStart => "{\"bytes\":\""u8;

    public BufferBudget? Budget => inner.Budget;

    public void Begin()
    {
        _state = State.Beginning;
        _begun = 0;
        _grouped = 0;
        inner.Begin();
    }

    public void Append(ReadOnlySpan<byte> data)
    {
        int at = 0;
        while (_state == State.Beginning && at < data.Length)
        {
            if (data[at] == ChunkStart[_begun])
            {
                at++;
                _state = ++_begun == ChunkStart.Length ? State.Base64 : State.Beginning;
            }
            else
            {
                _state = State.Plain;
                inner.Append(ChunkStart[.._begun]);
            }
        }

        if (_state == State.Plain)
        {
            inner.Append(data[at..]);
        }
        else if (_state == State.Base64)
        {
            AppendBase64(data[at..]);
        }
    }

    private void AppendBase64(ReadOnlySpan<byte> data)
    {
        int end = data.IndexOf((byte)'"');
        ReadOnlySpan<byte> encoded = end < 0 ? data : data[..end];
        _state = end < 0 ? State.Base64 : State.End;
        while (_grouped != 0 && !encoded.IsEmpty)
        {
            _group[_grouped++] = encoded[0];
            encoded = encoded[1..];
            if (_grouped == _group.Length)
            {
                _grouped = 0;
                Decode(_group);
            }
        }

        int whole = encoded.Length / 4 * 4;
        Decode(encoded[..whole]);
        if (whole < encoded.Length)
        {
            encoded[whole..].CopyTo(_group);
            _grouped = encoded.Length - whole;
        }
    }

    // Invalid base64 is passed unchanged: it is no JSON, so the event is skipped.
    private void Decode(ReadOnlySpan<byte> groups)
    {
        const int Block = 1024;
        Span<byte> decoded = stackalloc byte[Block / 4 * 3];
        while (!groups.IsEmpty)
        {
            ReadOnlySpan<byte> block = groups[..Math.Min(Block, groups.Length)];
            Base64.DecodeFromUtf8(block, decoded, out int consumed, out int written, isFinalBlock: true);
            inner.Append(consumed == block.Length ? decoded[..written] : block);
            groups = groups[block.Length..];
        }
    }
}
