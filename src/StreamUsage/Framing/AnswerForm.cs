namespace StreamUsage.Framing;

/// <summary>Specifies the form of an answer whose parser is known beforehand.</summary>
internal enum AnswerForm
{
    /// <summary>Messages of a socket; each read is one message.</summary>
    Messages,

    /// <summary>Update objects of a client library; each read is one update. The end of the updates completes the
    /// answer.</summary>
    ClientUpdates,

    /// <summary>The response object of a client library; one read is the whole answer.</summary>
    ClientAnswer,

    /// <summary>Audio, which is not parsed.</summary>
    Recording,

    /// <summary>Text, all of which is output.</summary>
    Text,
}
