namespace StreamUsage.Framing;

/// <summary>Specifies how an answer comes whose parser is known beforehand.</summary>
internal enum AnswerForm
{
    /// <summary>As messages of a socket: each read is one.</summary>
    Messages,

    /// <summary>As a recording, which is not read.</summary>
    Recording,

    /// <summary>As text, all of which is output.</summary>
    Text,
}
