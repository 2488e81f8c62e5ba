using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace StreamUsage.Extensions.AI;

/// <summary>Writes a call's text as a request of Chat Completions, for the estimate of input that the client did not
/// report. Images and other data are left out.</summary>
internal static class RequestJson
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

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

    /// <summary>Returns the arguments of a call as JSON; empty if they are none.</summary>
    public static string Arguments(FunctionCallContent call) =>
        call.Arguments is { Count: > 0 } arguments ? Serialize(arguments, typeof(IDictionary<string, object?>)) : "";

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
            FunctionResultContent { Result: { } result } => Serialize(result, typeof(object)),
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
                WriteFunction(writer, call.Name, static (function, call) => function.WriteString("arguments"u8, Arguments(call)), call);
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

    private static string Serialize(object value, Type type) =>
        JsonSerializer.Serialize(value, Compact.GetTypeInfo(type));
}
