using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Capture;

/// <summary>Assembles the message from a parser's reports. After the first part that does not fit, nothing more is
/// kept, so the result is the beginning of the message.</summary>
internal sealed class MessageCapture(CaptureAllowance allowance)
{
    // The memory of a block besides its text: the object, its places in list and table, and the record's object.
    private const int BlockBytes = 256;

    // The memory of the smallest array for a text, and of a name besides its two bytes for each character.
    private const int TextBytes = 160;
    private const int NameBytes = 32;
    private const int MaxNameBytes = 256;

    private readonly List<CapturedBlock> _blocks = [];
    private readonly Dictionary<(int Choice, long Key), CapturedBlock> _byKey = [];
    private readonly Dictionary<int, CapturedBlock> _current = []; // By choice; never more entries than blocks.
    private PooledBuffer _unescaped;
    private BlockStage _stage;
    private bool _isFull;
    private bool _hasOriginals; // Whether a block was added that repeats no earlier one.
    private int _used;
    private string? _role;

    public bool IsTruncated { get; private set; }

    /// <summary>Gets or sets whether the current event was reduced.</summary>
    public bool IsReduced { get; set; }

    /// <summary>Marks the message as truncated by an event that is not read.</summary>
    public void Skip() => IsTruncated = true;

    public void OnMessage(ReadOnlySpan<byte> role, bool isNew)
    {
        if (isNew)
        {
            Clear();
        }

        if (!role.IsEmpty && role.Length <= MaxNameBytes)
        {
            _role = JsonStringText.ToString(role);
        }
    }

    public void OnBlock(OutputBlock block)
    {
        _stage = block.Stage;
        CapturedBlock? known = block.Stage == BlockStage.Begin ? null : _byKey.GetValueOrDefault((block.ChoiceIndex, block.Key));
        if (known is not null && block.Stage == BlockStage.Delta && known.Id is { } id && !block.Id.IsEmpty
            && JsonStringText.ToString(block.Id) != id)
        {
            known = null; // Some servers number all calls alike.
        }

        if (block.Stage == BlockStage.Repeat && (_hasOriginals || (known is null && _isFull)))
        {
            SetCurrent(block.ChoiceIndex, null);
            return;
        }

        known ??= Add(block.ChoiceIndex, block.Key, isRepeat: block.Stage == BlockStage.Repeat);
        SetCurrent(block.ChoiceIndex, known);
        if (known is null)
        {
            return;
        }

        known.IsReported = true;
        known.IsClosed |= block.IsClosed;
        known.HasTextInput |= block.HasTextInput;
        if (known.Type is null && TryKeepName(block.Type, out string? type))
        {
            known.Type = type;
            known.Kind ??= type switch
            {
                "text" => OutputKind.Text,
                "thinking" => OutputKind.Reasoning,
                "refusal" => OutputKind.Refusal,
                "tool_use" => OutputKind.ToolArguments,
                _ => null,
            };
        }

        if (known.Id is null && TryKeepName(block.Id, out string? newId))
        {
            known.Id = newId;
        }
    }

    public void OnField(BlockField field, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (_current.GetValueOrDefault(choiceIndex) is not { } block || utf8.IsEmpty)
        {
            return;
        }

        bool fillsIn = _stage is BlockStage.Done or BlockStage.Repeat;
        if (field == BlockField.Name)
        {
            if (block.Name is null && TryKeepName(utf8, out string? name))
            {
                block.Name = name;
            }

            return;
        }

        ref PooledBuffer buffer = ref block.BufferOf(field);
        if (buffer.Length == 0 || !fillsIn)
        {
            Clear(ref buffer);
            Append(ref buffer, utf8, isEscaped);
        }
    }

    public void OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        CapturedBlock? block = _current.GetValueOrDefault(choiceIndex);
        bool isTool = kind is OutputKind.ToolName or OutputKind.ToolArguments;
        OutputKind blockKind = isTool ? OutputKind.ToolArguments : kind;
        bool fits = block is { IsClosed: false } && (block.Kind is null || block.Kind == blockKind)
            && (kind != OutputKind.ToolName || block.IsReported || (block.Name is null && block.BufferOf(BlockField.Input).Length == 0));
        if (!fits)
        {
            block = Add(choiceIndex, key: null, isRepeat: false);
            SetCurrent(choiceIndex, block);
            _stage = BlockStage.Delta;
        }

        if (block is null)
        {
            return;
        }

        block.Kind ??= blockKind;
        if (kind == OutputKind.ToolArguments && _stage == BlockStage.Done)
        {
            return;
        }

        if (kind != OutputKind.ToolName)
        {
            Append(ref block.BufferOf(isTool ? BlockField.Input : BlockField.Text), utf8, isEscaped);
        }
        else if (block.Name is null && TryKeepName(utf8, out string? name))
        {
            block.Name = name;
        }
    }

    public AssistantMessage ToMessage(in UsageAccumulator state)
    {
        bool isComplete = state.IsComplete && !_isFull;
        return new AssistantMessage
        {
            Id = state.ResponseId,
            Role = _role,
            Model = state.Model,
            StopReason = state.StopReason,
            StopSequence = state.StopSequence,
            Content = _blocks.ConvertAll(block => block.ToContent(isComplete)),
        };
    }

    public void Release()
    {
        Clear();
        _unescaped.Release();
    }

    private void Clear()
    {
        foreach (CapturedBlock block in _blocks)
        {
            block.Release();
        }

        _blocks.Clear();
        _byKey.Clear();
        _current.Clear();
        GiveBack(_used);
        _isFull = _hasOriginals = IsTruncated = false;
        _role = null;
    }

    private void SetCurrent(int choiceIndex, CapturedBlock? block)
    {
        if (block is null)
        {
            _current.Remove(choiceIndex);
        }
        else
        {
            _current[choiceIndex] = block;
        }
    }

    private CapturedBlock? Add(int choiceIndex, long? key, bool isRepeat)
    {
        if (!TryTake(BlockBytes))
        {
            return null;
        }

        _hasOriginals |= !isRepeat;
        var block = new CapturedBlock(choiceIndex);
        _blocks.Add(block);
        if (key is { } k)
        {
            _byKey[(choiceIndex, k)] = block;
        }

        return block;
    }

    // Keeps types, ids and names whole or not at all.
    private bool TryKeepName(ReadOnlySpan<byte> utf8, out string? name)
    {
        name = null;
        if (utf8.IsEmpty)
        {
            return false;
        }

        if (utf8.Length > MaxNameBytes)
        {
            IsTruncated = true;
            return false;
        }

        if (!TryTake((2 * utf8.Length) + NameBytes))
        {
            return false;
        }

        name = JsonStringText.ToString(utf8);
        return true;
    }

    private void Append(ref PooledBuffer buffer, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (_isFull)
        {
            return;
        }

        IsTruncated |= IsReduced;
        if (isEscaped)
        {
            JsonStringText.Append(utf8, ref _unescaped);
            AppendPlain(ref buffer, _unescaped.Span);
            _unescaped.Release(); // It may be large, and must not be held between events.
        }
        else
        {
            AppendPlain(ref buffer, utf8);
        }
    }

    private void AppendPlain(ref PooledBuffer buffer, ReadOnlySpan<byte> utf8)
    {
        if (buffer.Length == 0 && !TryTake(TextBytes))
        {
            return;
        }

        int length = allowance.Take(utf8.Length);
        _used += length;
        if (length < utf8.Length)
        {
            _isFull = IsTruncated = true;
            utf8 = utf8[..Utf8Text.WholeCharacters(utf8, length)];
        }

        buffer.Append(utf8);
    }

    private bool TryTake(int bytes)
    {
        if (!_isFull && allowance.TryTake(bytes))
        {
            _used += bytes;
            return true;
        }

        _isFull = IsTruncated = true;
        return false;
    }

    private void Clear(ref PooledBuffer buffer)
    {
        if (buffer.Length != 0)
        {
            GiveBack(buffer.Length + TextBytes);
            buffer.Clear();
        }
    }

    private void GiveBack(int bytes)
    {
        allowance.GiveBack(bytes);
        _used -= bytes;
    }
}
