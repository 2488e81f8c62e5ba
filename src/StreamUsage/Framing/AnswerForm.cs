namespace StreamUsage.Framing;

/// <summary>Specifies the form of an answer whose parser is known beforehand.</summary>
internal enum AnswerForm
{
    /// <summary>Messages of a socket: each read is one.</summary>
    Messages,

    /// <summary>What a client's objects say: one message for each part of an answer, which is complete when they
    /// end.</summary>
    ClientUpdates,

    /// <summary>What a client's object says: one message for the whole answer.</summary>
    ClientAnswer,

    /// <summary>A recording, which is not parsed.</summary>
    Recording,

    /// <summary>Text, all of which is output.</summary>
    Text,
}
