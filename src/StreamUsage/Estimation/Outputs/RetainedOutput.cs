using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Estimation.Counting;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation.Outputs;

/// <summary>Represents the output that is kept in case the provider does not report its tokens: UTF-8 in one rented
/// array, up to a limit. If the budget refuses more, characters are counted by class. Not thread-safe: its owner holds
/// a lock. A mutable struct: never copy it.</summary>
/// <remarks>The array holds runs: a header, then text of one kind and choice. Escapes are decoded only when the text is
/// needed.</remarks>
internal struct RetainedOutput(int maxBytes, BufferBudget? budget)
{
    private const int InitialBytes = 256;

    // A run's header: its kind and its length.
    private const int HeaderBytes = 8;
    private const int NoRun = -1;

    private byte[] _array = [];
    private int _length;
    private int _capacity;
    private int _taken;
    private int _runStart;
    private int _run = NoRun;
    private bool _isFull;
    private NotKept? _notKept; // Created when the budget refuses more.

    /// <summary>Gets whether the limit allows anything; false for the default.</summary>
    public readonly bool IsBegun => maxBytes > 0;

    /// <summary>Keeps a piece of output, or counts it.</summary>
    public void Append(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (RunHeader(kind, choiceIndex, isEscaped) == _run && utf8.Length <= _capacity - _length)
        {
            utf8.CopyTo(_array.AsSpan(_length));
            _length += utf8.Length;
            return;
        }

        AppendSlowly(kind, choiceIndex, utf8, isEscaped);
    }

    /// <summary>Keeps the inside of a JSON string: the first <paramref name="length"/> of <paramref name="bytes"/>. It
    /// may continue an escaped run, since any backslash in it begins an escape.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendInside(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, int length, bool isEscaped)
    {
        int run = RunHeader(kind, choiceIndex, isEscaped);
        if ((run != _run && (run | 1) != _run) || length > _capacity - _length)
        {
            AppendSlowly(kind, choiceIndex, bytes[..length], isEscaped);
            return;
        }

        // Most texts are short. Copying 32 bytes takes two instructions, if both sides have room for them.
        ref byte destination = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_array), _length);
        if (length <= Vector256<byte>.Count && bytes.Length >= Vector256<byte>.Count && _array.Length - _length >= Vector256<byte>.Count)
        {
            Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bytes)).StoreUnsafe(ref destination);
        }
        else
        {
            bytes[..length].CopyTo(MemoryMarshal.CreateSpan(ref destination, length));
        }

        _length += length;
    }

    /// <summary>Returns the kept parts and the counts.</summary>
    public ModelOutput ToOutput(string? protocol, long characters)
    {
        EndRun();
        var runs = new List<(int Choice, OutputKind Kind, int Start, int Length, bool IsEscaped)>();
        for (int at = 0; at < _length;)
        {
            uint run = BinaryPrimitives.ReadUInt32LittleEndian(_array.AsSpan(at));
            int length = BinaryPrimitives.ReadInt32LittleEndian(_array.AsSpan(at + 4));
            runs.Add(((int)(run >> 4), (OutputKind)((run >> 1) & 7), at + HeaderBytes, length, (run & 1) != 0));
            at += HeaderBytes + length;
        }

        return new ModelOutput
        {
            Protocol = protocol,
            Parts = ToParts([.. runs.OrderBy(run => run.Choice)]),
            Characters = characters,
            NotKept = _notKept?.Classes ?? default,
        };
    }

    /// <summary>Clears the text, and keeps the array.</summary>
    public void Clear()
    {
        _length = 0;
        _run = NoRun;
        _isFull = false;
        _notKept = null;
    }

    /// <summary>Returns the array, and its share of the budget.</summary>
    public void Release()
    {
        _isFull = true;
        _run = NoRun;
        _length = 0;
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
            _capacity = 0;
        }

        budget?.Return(_taken);
        _taken = 0;
    }

    private void AppendSlowly(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (_isFull)
        {
            Count(utf8);
            return;
        }

        int run = RunHeader(kind, choiceIndex, isEscaped);
        bool continues = run == _run || ((run | 1) == _run && !utf8.Contains((byte)'\\'));
        int header = continues ? 0 : HeaderBytes;
        int kept = Math.Min(utf8.Length, maxBytes - _length - header);
        if (kept <= 0)
        {
            _isFull = true;
            EndRun();
            return;
        }

        if (!TryMakeRoom(header + kept))
        {
            _isFull = true;
            EndRun();
            Count(utf8);
            return;
        }

        if (!continues)
        {
            BeginRun(run);
        }

        utf8[..kept].CopyTo(_array.AsSpan(_length));
        _length += kept;
        if (kept < utf8.Length)
        {
            _isFull = true;
        }

        // Each name is another call, and each citation another one.
        if (kind is OutputKind.ToolName or OutputKind.Citation || _isFull)
        {
            EndRun();
        }
    }

    // Output beyond the response's own limit is not counted: it is assumed to be like the kept part.
    private void Count(ReadOnlySpan<byte> utf8)
    {
        if (_notKept is not null)
        {
            _notKept.Classes += CharacterClasses.Count(utf8);
        }
    }

    private void BeginRun(int run)
    {
        EndRun();
        _runStart = _length;
        _run = run;
        BinaryPrimitives.WriteInt32LittleEndian(_array.AsSpan(_length), run);
        _length += HeaderBytes;
    }

    private void EndRun()
    {
        if (_run != NoRun)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_array.AsSpan(_runStart + 4), _length - _runStart - HeaderBytes);
            _run = NoRun;
        }
    }

    // Returns the first half of a run's header: choice, kind, and whether the text is escaped.
    private static int RunHeader(OutputKind kind, int choiceIndex, bool isEscaped) =>
        ((choiceIndex & 0xFFFFFF) << 4) | ((int)kind << 1) | (isEscaped ? 1 : 0);

    private bool TryMakeRoom(int more)
    {
        if (more <= _capacity - _length)
        {
            return true;
        }

        int size = (int)Math.Min(maxBytes, Math.Max(Math.Max(InitialBytes, 2L * _array.Length), (long)_length + more));
        if (size > Math.Max(BufferBudget.FreeBytes, _taken))
        {
            if (budget?.TryTake(size - _taken) == false)
            {
                _notKept = new NotKept();
                return false;
            }

            _taken = size;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(size);
        _array.AsSpan(0, _length).CopyTo(larger);
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = larger;
        _capacity = Math.Min(maxBytes, larger.Length);
        return true;
    }

    private List<OutputPart> ToParts(List<(int Choice, OutputKind Kind, int Start, int Length, bool IsEscaped)> runs)
    {
        var parts = new List<OutputPart>();
        byte[] text = new byte[Math.Max(JsonText.MaxUnescapedLength, _length)];
        int length = 0;
        for (int i = 0; i < runs.Count; i++)
        {
            (int choice, OutputKind kind, int start, int runLength, bool isEscaped) = runs[i];
            length += Append(_array.AsSpan(start, runLength), isEscaped, text.AsSpan(length));
            bool continues = i + 1 < runs.Count && runs[i + 1].Choice == choice && runs[i + 1].Kind == kind
                && kind is not (OutputKind.ToolName or OutputKind.Citation);
            if (!continues)
            {
                parts.Add(new OutputPart { Kind = kind, ChoiceIndex = choice, Text = Encoding.UTF8.GetString(text, 0, length) });
                length = 0;
            }
        }

        return parts;
    }

    // Decoded text is never longer than its run. The run's header leaves room for a last escape.
    private static int Append(ReadOnlySpan<byte> run, bool isEscaped, Span<byte> destination)
    {
        if (!isEscaped)
        {
            run.CopyTo(destination);
            return run.Length;
        }

        int written = 0;
        while (!run.IsEmpty)
        {
            written += JsonText.Unescape(run, destination[written..], out int read);
            run = run[read..];
        }

        return written;
    }

    private sealed class NotKept
    {
        public CharacterClasses Classes;
    }
}
