using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Requests;

/// <summary>Represents the facts that must be known before a request is read: model, protocol, and whether it is in an
/// envelope. Gemini Code Assist sends one: <c>{model, request: {contents, …}}</c>.</summary>
internal readonly record struct RequestHead(string? Model, string? Protocol, bool IsEnvelope)
{
    /// <summary>Reads the names of the top-level members, up to any malformed JSON.</summary>
    public static RequestHead Read(ReadOnlySpan<byte> json)
    {
        (string? model, string? protocol) = ReadMembers(json, out ReadOnlySpan<byte> request);
        if (protocol is not null)
        {
            return new RequestHead(model, protocol, IsEnvelope: false);
        }

        // A truncated envelope has no members to recognize.
        (string? innerModel, string? innerProtocol) = request.IsEmpty ? default : ReadMembers(request, out _);
        return new RequestHead(model ?? innerModel, innerProtocol, IsEnvelope: true);
    }

    /// <summary>Returns the model at the top level, without reading further; null if there is none.</summary>
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
                    protocol ??= "openai-completions"; // Responses may have a prompt too, beside their input.
                }
                else
                {
                    protocol = ProtocolOf(name) ?? protocol;
                }
            }
        }
        catch (JsonException)
        {
            // The request's reader will report the fault.
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
