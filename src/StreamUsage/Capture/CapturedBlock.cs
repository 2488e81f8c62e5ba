using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamUsage.Buffers;
using StreamUsage.Parsing;

namespace StreamUsage.Capture;

/// <summary>Represents a content block that is being assembled.</summary>
internal sealed class CapturedBlock(int choiceIndex)
{
    private PooledBuffer _text, _input, _signature;

    public string? Type { get; set; }

    public string? Id { get; set; }

    public string? Name { get; set; }

    /// <summary>Gets or sets the kind of output; null until known. A tool's name and arguments are one kind.</summary>
    public OutputKind? Kind { get; set; }

    /// <summary>Gets or sets whether a tool's input is text instead of JSON.</summary>
    public bool HasTextInput { get; set; }

    /// <summary>Gets or sets whether a parser reported the block itself, and not only its output.</summary>
    public bool IsReported { get; set; }

    /// <summary>Gets or sets whether the block takes no further output.</summary>
    public bool IsClosed { get; set; }

    public ref PooledBuffer BufferOf(BlockField field)
    {
        switch (field)
        {
            case BlockField.Text:
                return ref _text;
            case BlockField.Input:
                return ref _input;
            default:
                return ref _signature;
        }
    }

    public ContentBlock ToContent(bool isComplete)
    {
        string type = Type ?? Kind switch
        {
            OutputKind.Reasoning => "thinking",
            OutputKind.Refusal => "refusal",
            OutputKind.ToolName or OutputKind.ToolArguments => "tool_use",
            null when _signature.Length != 0 && _text.Length == 0 => "redacted_thinking",
            _ => "text",
        };
        return new ContentBlock
        {
            Type = type,
            ChoiceIndex = choiceIndex,
            Text = _text.Length != 0 || type is "text" or "thinking" or "refusal" ? Encoding.UTF8.GetString(_text.Span) : null,
            ToolUseId = Id,
            ToolName = Name,
            InputJson = InputJson(isComplete),
            Signature = _signature.Length != 0 ? Encoding.UTF8.GetString(_signature.Span) : null,
        };
    }

    public void Release()
    {
        _text.Release();
        _input.Release();
        _signature.Release();
    }

    private string? InputJson(bool isComplete)
    {
        if (_input.Length == 0)
        {
            return Name is not null && isComplete && !HasTextInput ? "{}" : null;
        }

        string input = Encoding.UTF8.GetString(_input.Span);
        return HasTextInput ? $"\"{JsonEncodedText.Encode(input, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"" : input;
    }
}
