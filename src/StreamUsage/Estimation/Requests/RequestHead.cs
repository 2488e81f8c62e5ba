using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Requests;

/// <summary>
/// What must be known of a request before it is read: the model it names, which protocol it is, told by its members, and whether these are in an envelope, <c>{model, request: {contents, …}}</c> (Gemini Code Assist).
/// </summary>
internal readonly record struct RequestHead(string? Model, string? Protocol, bool IsEnvelope)
{
    /// <summary>Looks at the names of the top-level members; passes over their values. Malformed JSON tells what came before it broke.</summary>
    public static RequestHead Read(ReadOnlySpan<byte> json)
    {
        (string? model, string? protocol) = ReadMembers(json, out ReadOnlySpan<byte> request);
        if (protocol is not null)
        {
            return new RequestHead(model, protocol, IsEnvelope: false);
        }

        // No member is any protocol's. One that breaks off in its envelope has none that could be seen.
        (string? innerModel, string? innerProtocol) = request.IsEmpty ? default : ReadMembers(request, out _);
        return new RequestHead(model ?? innerModel, innerProtocol, IsEnvelope: true);
    }

    /// <summary>Returns the model that the top level names; null if it names none. Reads no further than that.</summary>
    /// <exception cref="JsonException">The JSON is malformed before a model is named.</exception>
    public static string? FindModel(ReadOnlySpan<byte> json)
    {
        var members = new JsonMembers(json);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("model"u8))
            {
                return Utf8Json.GetName(value);
            }
        }

        return null;
    }

    private static (string? Model, string? Protocol) ReadMembers(ReadOnlySpan<byte> json, out ReadOnlySpan<byte> request)
    {
        request = default;
        string? model = null, protocol = null;
        try
        {
            var members = new JsonMembers(json);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("model"u8))
                {
                    model = Utf8Json.GetName(value);
                }
                else if (name.SequenceEqual("request"u8))
                {
                    request = Utf8Json.IsObjectValue(value) ? value : default;
                }
                else if (name.SequenceEqual("prompt"u8))
                {
                    protocol ??= "openai-completions"; // Responses have one too, beside their input.
                }
                else
                {
                    protocol = ProtocolOf(name) ?? protocol;
                }
            }
        }
        catch (JsonException)
        {
            // What follows cannot be read; the reader of the request says so.
        }

        return (model, protocol);
    }

    private static string? ProtocolOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("input"u8) || name.SequenceEqual("instructions"u8) ? "openai-responses"
        : name.SequenceEqual("contents"u8) ? "gemini"
        : name.SequenceEqual("messages"u8) ? "openai-chat"
        : name.SequenceEqual("message"u8) || name.SequenceEqual("texts"u8) || name.SequenceEqual("query"u8) ? "cohere-chat"
        : name.SequenceEqual("inputs"u8) ? "mistral-conversations"
        : name.SequenceEqual("inputText"u8) ? "bedrock-invoke"
        : null;
}
