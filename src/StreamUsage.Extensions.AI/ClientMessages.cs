using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace StreamUsage.Extensions.AI;

/// <summary>Writes a client's responses and updates as JSON messages for <see cref="ClientMessageParser"/>. Not
/// thread-safe.</summary>
internal sealed class ClientMessages : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _writer;
    private UsageDetails? _usage;

    public ClientMessages() =>
        _writer = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Gets why a part of the last message was left out; null if it is whole.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Returns the message, which is valid until the next one is written.</summary>
    public ReadOnlySpan<byte> Take()
    {
        _writer.Flush();
        return _buffer.WrittenSpan;
    }

    public void Dispose() => _writer.Dispose();

    public void Write(ChatResponseUpdate update)
    {
        Begin(update.ResponseId, update.ModelId, update.FinishReason);
        WriteContents(update.Role, update.Contents);
        End();
    }

    public void Write(ChatResponse response)
    {
        Begin(response.ResponseId, response.ModelId, response.FinishReason);
        foreach (ChatMessage message in response.Messages)
        {
            WriteContents(message.Role, message.Contents, includesUsage: false);
        }

        WriteUsage(response.Usage);
        End();
    }

    /// <summary>Writes a response of an embedding generator.</summary>
    public void Write(string? model, UsageDetails? usage)
    {
        Begin(id: null, model, finishReason: null);
        WriteUsage(usage);
        End();
    }

    private void Begin(string? id, string? model, ChatFinishReason? finishReason)
    {
        Fault = null;
        _buffer.ResetWrittenCount();
        _writer.Reset();
        _writer.WriteStartObject();
        WriteText("id"u8, id);
        WriteText("model"u8, model);
        WriteText("stop"u8, finishReason?.Value);
    }

    private void End() => _writer.WriteEndObject();

    private void WriteContents(ChatRole? role, IList<AIContent> contents, bool includesUsage = true)
    {
        if (role == ChatRole.Tool)
        {
            return; // Function results are not output of the model.
        }

        foreach (AIContent content in contents)
        {
            switch (content)
            {
                case TextReasoningContent reasoning:
                    WriteText("reasoning"u8, reasoning.Text);
                    break;
                case TextContent text:
                    WriteText("text"u8, text.Text);
                    break;
                case FunctionCallContent call:
                    WriteText("tool"u8, call.Name);
                    WriteText("arguments"u8, RequestJson.Arguments(call, out Exception? fault));
                    Fault ??= fault;
                    break;
                case UsageContent usage when includesUsage:
                    WriteUsage(usage.Details);
                    break;
                default:
                    break;
            }
        }
    }

    // Several usages of one response add up, as in ToChatResponse.
    private void WriteUsage(UsageDetails? details)
    {
        if (details is null)
        {
            return;
        }

        (_usage ??= new UsageDetails()).Add(details);
        _writer.WritePropertyName("usage"u8);
        JsonSerializer.Serialize(_writer, _usage, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(UsageDetails)));
    }

    // An update may end with half of a surrogate pair. GetBytes replaces it; the writer would throw.
    private void WriteText(ReadOnlySpan<byte> name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            _writer.WriteString(name, Encoding.UTF8.GetBytes(text));
        }
    }
}
