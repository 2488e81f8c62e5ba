using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace StreamUsage.Extensions.AI;

/// <summary>Writes a call as a request of Chat Completions, to estimate input that the client did not report. Images,
/// other data and objects that cannot be serialized are left out.</summary>
internal static class RequestJson
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <summary>Writes the messages, instructions and tools of a chat call.</summary>
    public static ReadOnlyMemory<byte> Of(string? model, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using Utf8JsonWriter writer = Create(buffer);
        Begin(writer, model);
        writer.WriteStartArray("messages"u8);
        if (options?.Instructions is { } instructions)
        {
            WriteMessage(writer, new ChatMessage(ChatRole.System, instructions));
        }

        foreach (ChatMessage message in messages)
        {
            WriteMessage(writer, message);
        }

        writer.WriteEndArray();
        if (options?.Tools is { Count: > 0 } tools)
        {
            WriteTools(writer, tools);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Writes the texts to embed; other inputs are left out.</summary>
    public static ReadOnlyMemory<byte> Of<TInput>(string? model, IEnumerable<TInput> values)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using Utf8JsonWriter writer = Create(buffer);
        Begin(writer, model);
        writer.WriteStartArray("input"u8);
        foreach (string text in values.OfType<string>())
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Returns the arguments of a call as JSON; empty if there are none, or if they cannot be
    /// serialized.</summary>
    public static string Arguments(FunctionCallContent call, out Exception? fault)
    {
        fault = null;
        return call.Arguments is { Count: > 0 } arguments
            ? Serialize(arguments, typeof(IDictionary<string, object?>), out fault) : "";
    }

    private static Utf8JsonWriter Create(ArrayBufferWriter<byte> buffer) =>
        new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static void Begin(Utf8JsonWriter writer, string? model)
    {
        writer.WriteStartObject();
        if (model is not null)
        {
            writer.WriteString("model"u8, model);
        }
    }

    private static void WriteMessage(Utf8JsonWriter writer, ChatMessage message)
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, message.Role.Value);
        string text = string.Concat(message.Contents.Select(static content => content switch
        {
            FunctionResultContent { Result: string result } => result,
            FunctionResultContent { Result: { } result } => Serialize(result, typeof(object), out _),
            TextContent part => part.Text,
            _ => null,
        }));
        writer.WriteString("content"u8, text);
        FunctionCallContent[] calls = [.. message.Contents.OfType<FunctionCallContent>()];
        if (calls.Length != 0)
        {
            writer.WriteStartArray("tool_calls"u8);
            foreach (FunctionCallContent call in calls)
            {
                WriteFunction(
                    writer, call.Name, static (function, call) => function.WriteString("arguments"u8, Arguments(call, out _)), call);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter writer, IList<AITool> tools)
    {
        writer.WriteStartArray("tools"u8);
        foreach (AIFunctionDeclaration tool in tools.OfType<AIFunctionDeclaration>())
        {
            WriteFunction(
                writer,
                tool.Name,
                static (function, tool) =>
                {
                    function.WriteString("description"u8, tool.Description);
                    function.WritePropertyName("parameters"u8);
                    tool.JsonSchema.WriteTo(function);
                },
                tool);
        }

        writer.WriteEndArray();
    }

    private static void WriteFunction<T>(Utf8JsonWriter writer, string name, Action<Utf8JsonWriter, T> writeRest, T rest)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "function"u8);
        writer.WriteStartObject("function"u8);
        writer.WriteString("name"u8, name);
        writeRest(writer, rest);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static string Serialize(object value, Type type, out Exception? fault)
    {
        fault = null;
        try
        {
            return JsonSerializer.Serialize(value, Compact.GetTypeInfo(type));
        }
        catch (Exception thrown)
        {
            fault = thrown; // The value is a user's object, whose properties may throw anything.
            return "";
        }
    }
}
