namespace StreamUsage.Framing;

/// <summary>Specifies the form of an answer whose parser is known beforehand.</summary>
internal enum AnswerForm
{
    /// <summary>Messages of a socket: each read is one.</summary>
    Messages,

    /// <summary>A recording, which is not parsed.</summary>
    Recording,

    /// <summary>Text, all of which is output.</summary>
    Text,
}
