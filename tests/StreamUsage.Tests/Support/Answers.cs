using System.Text;

namespace StreamUsage.Tests.Support;

/// <summary>Small answers of each protocol, event by event.</summary>
internal static class Answers
{
    public const string ClaudeStart =
        """
        event: message_start
        data: {"type":"message_start","message":
        """
        + """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":
        """
        + """
        {"input_tokens":25,"cache_read_input_tokens":7,"cache_creation_input_tokens":3,"output_tokens":2}}}


        """;

    public const string ClaudeText =
        """
        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Twenty-four characters.."}}


        """;

    public const string ClaudeDelta =
        """
        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}


        """;

    public const string ClaudeStop =
        """
        event: message_stop
        data: {"type":"message_stop"}


        """;

    public const string ClaudeError =
        """
        event: error
        data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}


        """;

    public const string Claude = ClaudeStart + ClaudeText + ClaudeDelta + ClaudeStop;

    public const string ChatText =
        """
        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-5","choices":
        """
        + """
        [{"index":0,"delta":{"role":"assistant","content":"Eight ch"}}]}


        """;

    public const string ChatError =
        """
        data: {"error":{"message":"The server had an error","type":"server_error","code":503}}


        """;

    public const string ChatDone = "data: [DONE]\n\n";

    public const string ResponsesCreated =
        """
        event: response.created
        data: {"type":"response.created","sequence_number":0,"response":
        """
        + """
        {"id":"resp_1","object":"response","status":"in_progress","model":"gpt-5","output":[],"usage":null}}


        """;

    public const string ResponsesFailed =
        """
        event: response.failed
        data: {"type":"response.failed","sequence_number":1,"response":
        """
        + """
        {"id":"resp_1","object":"response","status":"failed","model":"gpt-5","error":
        """
        + """
        {"code":"rate_limit_exceeded","message":"Slow down"},"output":[],"usage":null}}


        """;

    public const string ResponsesQueued =
        """{"id":"resp_1","object":"response","status":"queued","background":true,"model":"gpt-5","output":[],"usage":null}""";

    public const string RefusedJson =
        """{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: must be positive"}}""";

    public static byte[] ClaudeBytes { get; } = Encoding.UTF8.GetBytes(Claude);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
